//! Lines in, lines out: the protocol that `peer.py` describes.

use crate::context::{Context, Result};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

/// What summarises an output, once it is timed.
pub type Summary = Box<dyn FnOnce() -> Result<Value>>;
/// The work that is timed.
pub type Work = Box<dyn FnMut() -> Result<Summary>>;
/// A row: gets ready and returns the work.
pub type Row = fn(&Context) -> Result<Work>;

/// Answers until standard input ends. A row gets ready when it is first asked for.
pub fn serve(context: &Context, rows: &[(&'static str, Row)]) -> Result<()> {
    let mut ready: HashMap<&str, Work> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (name, repeat) = line.split_once(' ').unwrap_or((&line, "0"));
        let answer = match rows.iter().find(|(known, _)| *known == name) {
            Some((name, row)) => {
                run(context, name, *row, Duration::from_secs_f64(repeat.parse()?), &mut ready)
            }
            None => Err("not yet".into()),
        };
        let answer = answer.unwrap_or_else(|error| json!({ "error": error.to_string() }));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn run<'a>(
    context: &Context,
    name: &'a str,
    row: Row,
    repeat: Duration,
    ready: &mut HashMap<&'a str, Work>,
) -> Result<Value> {
    let work = match ready.entry(name) {
        Entry::Occupied(work) => work.into_mut(),
        Entry::Vacant(place) => place.insert(row(context)?),
    };
    let cpu = cpu_seconds();
    let (mut times, begun) = (Vec::new(), Instant::now());
    let summary = loop {
        let started = Instant::now();
        let summary = work()?;
        times.push(started.elapsed());
        if begun.elapsed() >= repeat {
            break summary;
        }
    };
    times.sort_unstable();
    let median = times.get(times.len() / 2).map(Duration::as_secs_f64);
    let cpu = cpu.zip(cpu_seconds()).map(|(before, after)| (after - before) / times.len() as f64);
    let peak = peak_memory();
    Ok(json!({
        "seconds": median,
        "runs": times.len(),
        "cpu_seconds": cpu,
        "peak_memory": peak,
        "output": summary()?,
    }))
}

/// The most memory that this process had, in bytes.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// What all threads of this process have computed so far.
fn cpu_seconds() -> Option<f64> {
    // The name of the process, in brackets, may have spaces.
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(") ").next()?.split(' ').collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // USER_HZ is 100 on every architecture of Linux that Rust knows.
    Some(ticks as f64 / 100.0)
}
