//! The vertices of a geometry, one after the other.

use geo_types::{Coord, Geometry, LineString, Polygon};

/// Calls `visit` with every vertex, rings closed, in order.
pub fn for_each_vertex(geometry: &Geometry<f64>, visit: &mut impl FnMut(Coord<f64>)) {
    fn line(line: &LineString<f64>, visit: &mut impl FnMut(Coord<f64>)) {
        line.0.iter().for_each(|&vertex| visit(vertex));
    }
    fn polygon(polygon: &Polygon<f64>, visit: &mut impl FnMut(Coord<f64>)) {
        line(polygon.exterior(), visit);
        polygon.interiors().iter().for_each(|ring| line(ring, visit));
    }
    match geometry {
        Geometry::Point(point) => visit(point.0),
        Geometry::MultiPoint(points) => points.0.iter().for_each(|point| visit(point.0)),
        Geometry::Line(segment) => [segment.start, segment.end].into_iter().for_each(visit),
        Geometry::LineString(part) => line(part, visit),
        Geometry::MultiLineString(parts) => parts.0.iter().for_each(|part| line(part, visit)),
        Geometry::Polygon(part) => polygon(part, visit),
        Geometry::MultiPolygon(parts) => parts.0.iter().for_each(|part| polygon(part, visit)),
        Geometry::Rect(rect) => polygon(&rect.to_polygon(), visit),
        Geometry::Triangle(triangle) => polygon(&triangle.to_polygon(), visit),
        Geometry::GeometryCollection(parts) => parts.0.iter().for_each(|part| for_each_vertex(part, visit)),
    }
}

/// The geometry with `map` applied to every vertex, in the order of [`for_each_vertex`]. Rectangles
/// and triangles become polygons, because they may not be any longer.
pub fn map_vertices(
    geometry: &Geometry<f64>,
    map: &mut impl FnMut(Coord<f64>) -> Coord<f64>,
) -> Geometry<f64> {
    fn line(line: &LineString<f64>, map: &mut impl FnMut(Coord<f64>) -> Coord<f64>) -> LineString<f64> {
        line.0.iter().map(|&vertex| map(vertex)).collect()
    }
    fn polygon(polygon: &Polygon<f64>, map: &mut impl FnMut(Coord<f64>) -> Coord<f64>) -> Polygon<f64> {
        let exterior = line(polygon.exterior(), map);
        Polygon::new(exterior, polygon.interiors().iter().map(|ring| line(ring, map)).collect())
    }
    match geometry {
        Geometry::Point(point) => Geometry::Point(map(point.0).into()),
        Geometry::MultiPoint(points) => {
            Geometry::MultiPoint(points.0.iter().map(|point| map(point.0)).collect())
        }
        Geometry::Line(segment) => {
            Geometry::LineString([segment.start, segment.end].into_iter().map(map).collect())
        }
        Geometry::LineString(part) => Geometry::LineString(line(part, map)),
        Geometry::MultiLineString(parts) => {
            Geometry::MultiLineString(parts.0.iter().map(|part| line(part, map)).collect())
        }
        Geometry::Polygon(part) => Geometry::Polygon(polygon(part, map)),
        Geometry::MultiPolygon(parts) => {
            Geometry::MultiPolygon(parts.0.iter().map(|part| polygon(part, map)).collect())
        }
        Geometry::Rect(rect) => Geometry::Polygon(polygon(&rect.to_polygon(), map)),
        Geometry::Triangle(triangle) => Geometry::Polygon(polygon(&triangle.to_polygon(), map)),
        Geometry::GeometryCollection(parts) => {
            Geometry::GeometryCollection(parts.0.iter().map(|part| map_vertices(part, map)).collect())
        }
    }
}
