//! Catalogues of made-up items, of several depths and kinds of links.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// How a catalogue is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Levels of catalogues above the collections.
    pub depth: usize,
    /// Children of each catalogue.
    pub children: usize,
    /// Items of each collection.
    pub items: usize,
    pub links: Links,
    pub leaves: Leaves,
}

/// How hrefs are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Links {
    Relative,
    /// Below where the catalogue is published.
    Absolute,
}

/// How a collection gives its items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Leaves {
    Files,
    ItemCollection,
    Lines,
}

impl Layout {
    /// Number of items in all.
    pub fn total(&self) -> usize {
        self.children.pow(self.depth as u32) * self.items
    }

    /// Writes the catalogue, which is published at `base`.
    pub fn write(&self, folder: &Path, base: &str) {
        self.catalog(folder, base, "", self.depth);
    }

    fn href(&self, base: &str, path: &str, name: &str) -> String {
        match self.links {
            Links::Relative => format!("./{name}"),
            Links::Absolute if path.is_empty() => format!("{base}/{name}"),
            Links::Absolute => format!("{base}/{path}/{name}"),
        }
    }

    fn catalog(&self, folder: &Path, base: &str, path: &str, depth: usize) {
        let here = folder.join(path);
        fs::create_dir_all(&here).unwrap();
        if depth == 0 {
            return self.collection(folder, base, path);
        }
        let file = |child: usize| {
            if depth == 1 { format!("c{child}/collection.json") } else { format!("c{child}/catalog.json") }
        };
        let mut links: Vec<Value> =
            vec![json!({"rel": "root", "href": self.href(base, path, "catalog.json")})];
        for child in 0..self.children {
            links.push(json!({"rel": "child", "href": self.href(base, path, &file(child))}));
            let below = if path.is_empty() { format!("c{child}") } else { format!("{path}/c{child}") };
            self.catalog(folder, base, &below, depth - 1);
        }
        // A link twice, one to the document itself, and one up: each is visited once.
        links.push(json!({"rel": "child", "href": self.href(base, path, &file(0))}));
        links.push(json!({"rel": "child", "href": self.href(base, path, "catalog.json")}));
        links.push(json!({"rel": "parent", "href": "../catalog.json"}));
        write(
            &here.join("catalog.json"),
            &json!({"type": "Catalog", "stac_version": "1.0.0", "id": path, "links": links}),
        );
    }

    fn collection(&self, folder: &Path, base: &str, path: &str) {
        let id = if path.is_empty() { "single".to_owned() } else { path.replace('/', "-") };
        let number: usize = path.chars().filter_map(|c| c.to_digit(10)).fold(0, |n, d| n * 10 + d as usize);
        let items: Vec<Value> = (0..self.items).map(|at| item(&id, number, at)).collect();
        let mut links = Vec::new();
        let here = folder.join(path);
        match self.leaves {
            Leaves::Files => {
                for (at, item) in items.iter().enumerate() {
                    links.push(json!({"rel": "item", "href": self.href(base, path, &format!("i{at}.json"))}));
                    write(&here.join(format!("i{at}.json")), item);
                }
            }
            Leaves::ItemCollection => {
                links.push(json!({"rel": "items", "href": self.href(base, path, "all.json")}));
                write(&here.join("all.json"), &json!({"type": "FeatureCollection", "features": items}));
            }
            Leaves::Lines => {
                links.push(json!({"rel": "items", "href": self.href(base, path, "all.ndjson")}));
                let lines: Vec<String> = items.iter().map(Value::to_string).collect();
                fs::write(here.join("all.ndjson"), lines.join("\n")).unwrap();
            }
        }
        let (west, year) = (longitude(number), year(number));
        let collection = json!({
            "type": "Collection", "stac_version": "1.0.0", "id": id, "license": "CC0-1.0", "description": "made up",
            "extent": {
                "spatial": {"bbox": [[west, 0.0, west + 1.0, self.items as f64 / 2.0]]},
                "temporal": {"interval": [[format!("{year}-01-01T00:00:00Z"), format!("{year}-12-31T23:59:59Z")]]},
            },
            "links": links,
        });
        write(&here.join("collection.json"), &collection);
    }
}

fn longitude(collection: usize) -> f64 {
    (collection % 100) as f64
}

fn year(collection: usize) -> usize {
    2000 + collection % 20
}

fn item(collection: &str, number: usize, at: usize) -> Value {
    let (west, south) = (longitude(number), at as f64 / 2.0);
    let (east, north) = (west + 0.25, south + 0.25);
    json!({
        "type": "Feature", "stac_version": "1.0.0", "id": format!("{collection}-{at}"),
        "geometry": {"type": "Polygon", "coordinates":
            [[[west, south], [east, south], [east, north], [west, north], [west, south]]]},
        "bbox": [west, south, east, north],
        "properties": {
            "datetime": format!("{}-{:02}-01T00:00:00Z", year(number), at % 12 + 1),
            "eo:cloud_cover": at * 10 % 100,
        },
        "assets": {"red": {"href": "https://example.com/red.tif", "roles": ["data"],
            "type": "image/tiff; application=geotiff; profile=cloud-optimized"}},
        "links": [],
    })
}

fn write(path: &Path, json: &Value) {
    fs::write(path, json.to_string()).unwrap();
}
