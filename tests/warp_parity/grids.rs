//! Grids for sources in another CRS.

use crate::cases::pairs;
use crate::compare::grid;
use crate::oracle;
use rasteret::schema::{Crs, Geotransform};
use rasteret::warp::{Grid, Suggestion, suggested_grid};
use serde_json::{Value, json};

struct Case {
    source: Grid,
    crs: Crs,
    suggestion: Suggestion,
}

fn cases() -> Vec<Case> {
    let mut sources: Vec<Grid> = pairs().into_iter().map(|pair| pair.source).collect();
    let other = |crs: &str, transform: [f64; 6], width, height| {
        let [a, b, c, d, e, f] = transform;
        Grid::new(Geotransform::new(a, b, c, d, e, f), width, height, Crs::new(crs))
    };
    sources.extend([
        other("EPSG:32643", [10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0], 10_980, 10_980),
        other("EPSG:32601", [30.0, 0.0, 300_000.0, 0.0, -30.0, 7_200_000.0], 5000, 4000),
        other("EPSG:4326", [0.5, 0.0, -180.0, 0.0, -0.5, 90.0], 720, 360),
        other("EPSG:4326", [0.25, 0.0, 170.0, 0.0, -0.25, 10.0], 80, 60),
        other("EPSG:3031", [25_000.0, 0.0, -3_950_000.0, 0.0, -25_000.0, 4_350_000.0], 316, 332),
        other("EPSG:3413", [6250.0, 0.0, -3_850_000.0, 0.0, -6250.0, 5_850_000.0], 1216, 1792),
        other(
            "EPSG:3857",
            [1000.0, 0.0, -20_037_508.342_789_244, 0.0, -1000.0, 20_037_508.342_789_244],
            40_075,
            40_075,
        ),
        other("EPSG:3035", [1000.0, 0.0, 2_500_000.0, 0.0, -1000.0, 5_500_000.0], 4000, 3500),
        other("EPSG:2056", [500.0, 0.0, 2_560_000.0, 0.0, -500.0, 1_270_000.0], 300, 240),
        other("EPSG:32643", [10.0, 0.0, 699_960.0, 0.0, 10.0, 1_400_000.0], 300, 500),
    ]);
    let mut cases = Vec::new();
    for source in sources {
        // GDAL takes no operation that is not made for all of the source, and then gets to Switzerland without
        // a change of datum. What lies on the other side of the globe has no place in UTM that versions of PROJ
        // agree on.
        let is_swiss =
            [32632, 2056].map(Some).contains(&source.crs.epsg()) && source.transform.f < 5_300_000.0;
        let is_opposite = source.transform.c == 170.0;
        for crs in [4326, 3857, 32643, 32644, 32632, 32601, 3031, 3413, 2056, 3832, 3395] {
            if crs == 2056 && !is_swiss || [32643, 32644].contains(&crs) && is_opposite {
                continue;
            }
            let crs = Crs::from_epsg(crs);
            let Ok(grid) = suggested_grid(&source, &crs, Suggestion::Default) else {
                cases.push(Case { source: source.clone(), crs, suggestion: Suggestion::Default });
                continue;
            };
            let size = grid.transform.a * 1.7;
            let aligned = Suggestion::Aligned { resolution: (size, size * 0.5), origin: (0.0, 0.0) };
            let suggestions = [
                Suggestion::Default,
                Suggestion::Resolution(size, size * 1.3),
                Suggestion::Shape(321, 123),
                aligned,
            ];
            cases.extend(suggestions.map(|suggestion| Case {
                source: source.clone(),
                crs: crs.clone(),
                suggestion,
            }));
        }
    }
    cases
}

#[test]
fn grids_are_those_of_calculate_default_transform() {
    let cases = cases();
    let request: Vec<Value> = cases
        .iter()
        .map(|case| {
            let mut request = json!({"source": grid(&case.source), "crs": case.crs.as_str()});
            match case.suggestion {
                Suggestion::Default => {}
                Suggestion::Resolution(x, y) => request["resolution"] = json!([x, y]),
                Suggestion::Shape(width, height) => request["shape"] = json!([width, height]),
                Suggestion::Aligned { resolution: (x, y), .. } => request["aligned"] = json!([x, y]),
            }
            request
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let Some(answer) = oracle::ask("warp_oracle.py", &json!({"folder": folder.path(), "grids": request}))
    else {
        return;
    };
    let (mut equal, mut near, mut refused) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(answer["grids"].as_array().unwrap()) {
        let name =
            format!("{} {:?} to {}, {:?}", case.source.crs, case.source.transform, case.crs, case.suggestion);
        let ours = suggested_grid(&case.source, &case.crs, case.suggestion);
        let (ours, theirs) = match (ours, answer.get("transform")) {
            (Err(_), None) => {
                refused += 1;
                continue;
            }
            (Ok(ours), Some(theirs)) => (ours, theirs),
            (ours, _) => {
                wrong.push(format!("{name}: {ours:?} instead of {answer}"));
                continue;
            }
        };
        let theirs: [f64; 6] = serde_json::from_value(theirs.clone()).unwrap();
        let transform = ours.transform.to_array();
        // Places are near where they differ by a thousandth of a pixel at most.
        let pixel = theirs[0].abs().min(theirs[4].abs());
        let is_near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-3 * pixel;
        let same_size = (u64::from(ours.width), u64::from(ours.height))
            == (answer["width"].as_u64().unwrap(), answer["height"].as_u64().unwrap());
        if same_size && transform == theirs {
            equal += 1;
        } else if same_size && transform.iter().zip(&theirs).all(is_near) {
            near += 1;
        } else {
            wrong.push(format!("{name}: {transform:?} {} × {} instead of {answer}", ours.width, ours.height));
        }
    }
    println!("{} grids: {equal} equal to the last bit, {near} near, {refused} refused by both", cases.len());
    wrong.iter().take(40).for_each(|wrong| eprintln!("{wrong}"));
    assert!(wrong.is_empty(), "{} of {} grids differ", wrong.len(), cases.len());
}
