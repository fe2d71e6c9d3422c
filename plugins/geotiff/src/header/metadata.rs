//! What `GDAL_METADATA` says about the bands: XML such as
//! `<GDALMetadata><Item name="SCALE" sample="0" role="scale">0.1</Item></GDALMetadata>`.
//!
//! The rules are those of GDAL (`GTiffDataset::OpenOffset`): what is not well-formed is ignored.

use rasteret_schema::{BandMetadata, ColorInterpretation};
use roxmltree::{Document, Node, ParsingOptions};

/// Elements of more XML than any writer writes take too much memory.
const MAX_NODES: u32 = 1 << 20;

/// Adds what the XML says about bands; nothing if it is not well-formed.
pub(super) fn read(xml: &str, bands: &mut [BandMetadata]) {
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let Ok(document) = Document::parse_with_options(xml.trim(), options) else { return };
    let root = document.root_element();
    if !root.has_tag_name("GDALMetadata") {
        return;
    }
    for item in root.children().filter(|node| node.tag_name().name().eq_ignore_ascii_case("Item")) {
        let sample = attribute(item, "sample").and_then(|sample| sample.trim().parse::<usize>().ok());
        let (Some(_), Some(band)) =
            (attribute(item, "name"), sample.and_then(|sample| bands.get_mut(sample)))
        else {
            continue;
        };
        let Some(text) = only_text(item) else { continue };
        // GDAL escapes values twice when it writes, and undoes it twice when it reads.
        let text = unescaped(text);
        match attribute(item, "role").unwrap_or_default().to_ascii_lowercase().as_str() {
            "scale" => band.scale = leading_number(&text),
            "offset" => band.offset = leading_number(&text),
            "unittype" => band.unit = Some(text).filter(|unit| !unit.is_empty()),
            "description" => band.description = Some(text).filter(|description| !description.is_empty()),
            "colorinterp" => band.color = ColorInterpretation::from_gdal_name(&text),
            _ => {}
        }
    }
}

/// An attribute, its name in any case.
fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let mut attributes = node.attributes();
    attributes.find(|attribute| attribute.name().eq_ignore_ascii_case(name)).map(|found| found.value())
}

/// The text of an element that holds nothing else.
fn only_text<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    let child = node.first_child()?;
    (child.is_text() && child.next_sibling().is_none()).then(|| child.text())?
}

/// Resolves the entities that XML predefines and character references; others stay as they are.
fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, from) = rest.split_at(start);
        result.push_str(before);
        let resolved = from.find(';').and_then(|end| Some((entity(&from[1..end])?, &from[end + 1..])));
        match resolved {
            Some((character, after)) => {
                result.push(character);
                rest = after;
            }
            None => {
                result.push('&');
                rest = &from[1..];
            }
        }
    }
    result.push_str(rest);
    result
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let code = name.strip_prefix('#')?;
            let code = match code.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => code.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// The number that the text starts with, 0 if it starts with none, as C's `atof` reads it.
fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let ends = (0..=text.len()).rev().filter(|end| text.is_char_boundary(*end)).take_while(|end| *end > 0);
    // Nothing longer is a number.
    const LONGEST: usize = 400;
    ends.filter(|end| *end <= LONGEST).find_map(|end| text[..end].parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(xml: &str) -> Vec<BandMetadata> {
        let mut bands = vec![BandMetadata::default(); 2];
        read(xml, &mut bands);
        bands
    }

    #[test]
    fn roles_of_bands() {
        let bands = bands(
            r#"<GDALMetadata>
                <Item name="AREA">ignored</Item>
                <Item name="SCALE" sample="1" role="scale">0.0001</Item>
                <Item name="OFFSET" sample="1" role="offset">-0.1e0 and more</Item>
                <Item name="UNITTYPE" sample="1" role="unittype">m&amp;lt;s</Item>
                <item NAME="DESCRIPTION" sample="0" role="description">Rot &amp;amp; Grün</item>
                <Item name="COLORINTERP" sample="0" role="colorinterp">NIR</Item>
                <Item name="SCALE" sample="7" role="scale">5</Item>
                <Item name="SCALE" sample="0" role="scale"><b>5</b></Item>
                <Item name="OFFSET" sample="0" role="offset"/>
            </GDALMetadata>"#,
        );
        assert_eq!(bands[0].description.as_deref(), Some("Rot & Grün"));
        assert_eq!((bands[0].scale, bands[0].offset), (1.0, 0.0));
        assert_eq!(bands[0].color, ColorInterpretation::Nir);
        assert_eq!((bands[1].scale, bands[1].offset), (0.0001, -0.1));
        assert_eq!(bands[1].unit.as_deref(), Some("m<s"));
        assert_eq!(bands[1].description, None);
    }

    #[test]
    fn what_is_not_xml_is_ignored() {
        let untouched = vec![BandMetadata::default(); 2];
        for xml in [
            "",
            "GDALMetadata",
            "<GDALMetadata><Item name='SCALE' sample='0' role='scale'>2</Item>",
            "<Other><Item name='SCALE' sample='0' role='scale'>2</Item></Other>",
            "<GDALMetadata><Item name='SCALE' sample='-1' role='scale'>2</Item></GDALMetadata>",
            &"<GDALMetadata>".repeat(100_000),
            &format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)),
        ] {
            assert_eq!(bands(xml), untouched, "{}", &xml[..xml.len().min(80)]);
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(unescaped("a&lt;b&#x41;&#66;&nbsp;&amp;lt; & &"), "a<bAB&nbsp;&lt; & &");
        assert_eq!(leading_number(" 12.5 m"), 12.5);
        assert_eq!(leading_number("m"), 0.0);
        assert_eq!(leading_number("1e-3"), 0.001);
    }
}
