use bytes::Bytes;
use rasteret_schema::*;
pub fn parse(f: &Bytes) -> RasterHeader {
    let be = f[0] == b'M';
    let n = |at: usize, len: usize| -> u64 {
        let mut v = 0u64;
        for i in 0..len {
            let b = f[at + if be { i } else { len - 1 - i }] as u64;
            v = v << 8 | b;
        }
        v
    };
    let big = n(2, 2) == 43;
    let (cnt_len, ent, off_len) = if big { (8, 20, 8) } else { (2, 12, 4) };
    let mut ifd = n(if big { 8 } else { 4 }, off_len) as usize;
    let mut enc = vec![];
    let mut imgs = vec![];
    let mut masks: Vec<ImageHeader> = vec![];
    let mut nodata = None;
    while ifd != 0 {
        let count = n(ifd, cnt_len) as usize;
        let mut tags = std::collections::BTreeMap::new();
        for i in 0..count {
            let at = ifd + cnt_len + i * ent;
            let tag = n(at, 2);
            let ty = n(at + 2, 2);
            let c = n(at + 4, off_len) as usize;
            let sz = match ty {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                4 | 9 | 13 | 11 => 4,
                _ => 8,
            };
            let vat = at + 4 + off_len;
            let p = if sz * c > off_len { n(vat, off_len) as usize } else { vat };
            let v: Vec<u64> = (0..c).map(|i| n(p + i * sz, sz)).collect();
            tags.insert(tag, v);
        }
        let one = |t: u64, d: u64| tags.get(&t).and_then(|v| v.first().copied()).unwrap_or(d);
        let (w, h) = (one(256, 0) as u32, one(257, 0) as u32);
        let bits = one(258, 1);
        let spp = one(277, 1) as u16;
        let fmt = one(339, 1);
        let tiled = tags.contains_key(&322);
        let dtype = match (fmt, bits) {
            (3, 16) => DataType::Float16,
            (3, 24 | 32) => DataType::Float32,
            (3, _) => DataType::Float64,
            (2, 8) => DataType::Int8,
            (2, 16) => DataType::Int16,
            (2, 32) => DataType::Int32,
            (2, 64) => DataType::Int64,
            (_, ..=8) => DataType::UInt8,
            (_, ..=16) => DataType::UInt16,
            (_, ..=32) => DataType::UInt32,
            _ => DataType::UInt64,
        };
        let offs = tags.get(&if tiled { 324 } else { 273 }).cloned().unwrap_or_default();
        let cnts = tags.get(&if tiled { 325 } else { 279 }).cloned().unwrap_or_default();
        let sub = tags.get(&530).cloned().unwrap_or(vec![2, 2]);
        let comp = one(259, 1) as u16;
        enc.push(Encoding { bits_per_sample: bits as u16, samples_per_pixel: spp, planar: one(284, 1) == 2, striped: !tiled, big_endian: be, reversed_bits: one(266, 1) == 2, compression: comp, predictor: one(317, 1) as u16, photometric: one(262, 0) as u16, chroma_subsampling: [sub[0] as u8, sub[1] as u8], extra_samples: vec![], jpeg_tables: tags.get(&347).map(|v| v.iter().map(|b| *b as u8).collect()).unwrap_or_default(), lerc_compression: tags.get(&50674).map(|v| v[1] as u8).unwrap_or(0), ..Encoding::uncompressed(dtype) });
        let mask = one(254, 0) & 4 != 0;
        if let Some(v) = tags.get(&42113) {
            let s: String = v.iter().map(|b| *b as u8 as char).collect();
            nodata = nodata.or(PixelValue::parse(&s));
        }
        let img = ImageHeader {
            width: w,
            height: h,
            tile_width: if tiled { one(322, 0) as u32 } else { w },
            tile_height: if tiled { one(323, 0) as u32 } else { (one(278, h as u64) as u32).min(h) },
            encoding: enc.len() as u16 - 1,
            mask: None,
            tiles: TileTable::new(&offs, &cnts),
        };
        if mask {
            masks.push(img)
        } else if imgs.is_empty() || one(254, 0) & 1 != 0 {
            imgs.push(img)
        }
        ifd = n(ifd + cnt_len + count * ent, off_len) as usize;
    }
    RasterHeader {
        format: "geotiff".into(),
        georeference: Default::default(),
        nodata,
        bands: vec![],
        color_map: vec![],
        encodings: enc,
        images: imgs,
        masks,
        object: Default::default(),
    }
}
