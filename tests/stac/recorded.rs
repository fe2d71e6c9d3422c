//! Pages that were recorded of Planetary Computer, served from here.

use crate::data;
use crate::scripted::{Scripted, reply};
use crate::support::{ids, read, source};
use http::Method;
use rasteret::schema::{Selection, SourceAdapter};
use rasteret::stac::StacSource;
use rasteret_serve::{Fault, Options, Server};
use serde_json::Value;
use std::sync::Arc;

const PLACE: &str = "https://planetarycomputer.microsoft.com/api/stac/v1";

/// A page with its links leading here; the last one has no next.
fn served(mut page: Value, here: &str, is_last: bool) -> String {
    let links = page["links"].as_array_mut().unwrap();
    links.retain(|link| !(is_last && link["rel"] == "next"));
    page.to_string().replace(PLACE, here)
}

fn id(page: &Value) -> String {
    page["features"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn searches_are_followed() {
    let (Some(first), Some(second)) =
        (data::json("rustac/mocks/search-page-1.json"), data::json("rustac/mocks/search-page-2.json"))
    else {
        return;
    };
    let expected = [id(&first), id(&second)];
    let server = Scripted::start(move |seen| {
        let here = format!("http://{}", seen.header("host"));
        if seen.method == Method::GET {
            return crate::paging::landing(seen, &["GET", "POST"]);
        }
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!(body["collections"], serde_json::json!(["sentinel-2-l2a"]));
        match body["token"].as_str() {
            None => reply(200, &[], served(first.clone(), &here, false)),
            Some(token) => {
                assert_eq!(token, "next:S2A_MSIL2A_20230216T150721_R082_T19PHS_20230217T082924");
                reply(200, &[], served(second.clone(), &here, true))
            }
        }
    });
    let source = source(&server.url).collection("sentinel-2-l2a").page_size(1);
    assert_eq!(ids(&source, &Selection::default()), expected);
}

#[test]
fn lists_of_items_are_followed() {
    let (Some(first), Some(second)) =
        (data::json("rustac/mocks/items-page-1.json"), data::json("rustac/mocks/items-page-2.json"))
    else {
        return;
    };
    let expected = [id(&first), id(&second)];
    let server = Scripted::start(move |seen| {
        let here = format!("http://{}", seen.header("host"));
        match seen.target.contains("token=next:S2A_MSIL2A_20230216T235751_R087_T52CEB_20230217T134604") {
            false => reply(200, &[], served(first.clone(), &here, false)),
            true => reply(200, &[], served(second.clone(), &here, true)),
        }
    });
    let url = format!("{}/collections/sentinel-2-l2a/items?limit=1", server.url);
    assert_eq!(ids(&source(&url), &Selection::default()), expected);
    // Those that are not wanted are left out, whatever the server gives.
    assert_eq!(ids(&source(&url).ids([expected[1].as_str()]), &Selection::default()), expected[1..]);
    let error = read(&source(&url).collection("landsat"), &Selection::default()).unwrap_err().to_string();
    assert!(error.contains("landsat") && error.contains("sentinel-2-l2a"), "{error}");
}

/// A page as it lies on a server of plain files, which stumbles.
#[test]
fn files_of_a_stumbling_server_are_read() {
    let Some(path) = data::path("rustac/sentinel-2-item-collection.json") else { return };
    let server = Server::start(path.parent().unwrap(), Options::default()).unwrap();
    let url = server.url("sentinel-2-item-collection.json");
    let expected = ids(&source(path.to_str().unwrap()), &Selection::default());
    assert_eq!(expected.len(), 10);
    server.set_faults([Some(Fault::Status(503)), Some(Fault::Status(500)), None]);
    assert_eq!(ids(&source(&url), &Selection::default()), expected);
    let error = read(&source(&server.url("missing.json")), &Selection::default()).unwrap_err();
    assert!(error.to_string().contains("missing.json"), "{error}");
}

#[test]
fn planetary_computer_is_known() {
    let access = Arc::new(rasteret::io::ByteSources::new(rasteret::io::SourceOptions::default()));
    let cloud = StacSource::new(PLACE, access.clone()).cloud();
    assert_eq!(cloud.signer.as_deref(), Some("planetary-computer"));
    assert!(StacSource::new("https://example.com/", access).cloud().is_default());
}
