//! What no reader can do without: bytes from the server, and their decompression.

use crate::context::{Context, Result};
use crate::protocol::Work;
use crate::scenes::{EncodedTile, encoded_tiles};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;

/// Connections to the server.
const CONNECTIONS: usize = 16;

/// The tiles of the AOI read.
fn tiles(context: &Context) -> Result<Vec<EncodedTile>> {
    encoded_tiles(context, &[(1, 1), (2, 1), (1, 2), (2, 2)])
}

/// libdeflate on one core.
pub fn inflate(context: &Context) -> Result<Work> {
    let tiles = tiles(context)?;
    let mut decompressor = libdeflater::Decompressor::new();
    let mut decoded = vec![0; 1024 * 1024 * 2];
    Ok(Box::new(move || {
        let mut bytes = 0;
        for tile in &tiles {
            bytes += decompressor.zlib_decompress(&tile.bytes, &mut decoded)?;
        }
        let tiles = tiles.len();
        Ok(Box::new(move || Ok(json!({ "tiles": tiles, "bytes": bytes }))))
    }))
}

/// A request a tile over plain connections that stay open, the bytes dropped.
pub fn raw_http(context: &Context) -> Result<Work> {
    let tiles = tiles(context)?;
    let address = context.base.strip_prefix("http://").ok_or("the server's URL is not http")?.to_owned();
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(&address)?;
        stream.set_nodelay(true)?;
        connections.push(BufReader::with_capacity(1 << 18, stream));
    }
    Ok(Box::new(move || {
        let share = tiles.len().div_ceil(CONNECTIONS);
        let bytes = thread::scope(|scope| {
            let threads = connections.iter_mut().zip(tiles.chunks(share)).map(|(connection, tiles)| {
                let address = &address;
                scope.spawn(move || {
                    tiles.iter().map(|tile| fetch(connection, address, tile)).sum::<Result<u64>>()
                })
            });
            let threads: Vec<_> = threads.collect();
            threads
                .into_iter()
                .map(|thread| thread.join().map_err(|_| "a thread panicked")?)
                .sum::<Result<u64>>()
        })?;
        Ok(Box::new(move || Ok(json!({ "bytes": bytes }))))
    }))
}

fn fetch(connection: &mut BufReader<TcpStream>, address: &str, tile: &EncodedTile) -> Result<u64> {
    let (start, last) = (tile.range.start, tile.range.end - 1);
    let request =
        format!("GET /{} HTTP/1.1\r\nHost: {address}\r\nRange: bytes={start}-{last}\r\n\r\n", tile.path);
    connection.get_mut().write_all(request.as_bytes())?;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err("the server closed the connection".into());
        }
    }
    let length = last + 1 - start;
    let copied = std::io::copy(&mut connection.by_ref().take(length), &mut std::io::sink())?;
    if copied == length { Ok(copied) } else { Err("the server closed the connection".into()) }
}
