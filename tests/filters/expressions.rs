//! Random expressions of the right types, in CQL2 and in SQL.

use crate::oracle::Random;
use crate::table::TEXTS;

/// The same in both languages.
#[derive(Debug, Clone)]
pub struct Both {
    pub cql2: String,
    pub sql: String,
}

impl Both {
    fn same(text: impl Into<String>) -> Both {
        let text = text.into();
        Both { cql2: text.clone(), sql: text }
    }

    fn new(cql2: impl Into<String>, sql: impl Into<String>) -> Both {
        Both { cql2: cql2.into(), sql: sql.into() }
    }

    /// Both with what `{}` stands for, in turn.
    fn of(cql2: &str, sql: &str, parts: &[&Both]) -> Both {
        let fill = |template: &str, part: fn(&Both) -> &str| {
            let mut pieces = template.split("{}");
            let mut text = pieces.next().unwrap_or_default().to_owned();
            for (piece, both) in pieces.zip(parts) {
                text += part(both);
                text += piece;
            }
            text
        };
        Both { cql2: fill(cql2, |both| &both.cql2), sql: fill(sql, |both| &both.sql) }
    }
}

const INTEGERS: [&str; 5] = ["i8", "i32", "i64", "u16", "st.a"];
const FLOATS: [&str; 4] = ["f32", "f64", "st.b", "decimal"];
const COMPARISONS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

pub struct Generator(pub Random);

impl Generator {
    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.0.below(choices.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.0.below(n) == 0
    }

    /// What is true, false or unknown.
    pub fn condition(&mut self, depth: usize) -> Both {
        if depth > 0 && !self.one_in(4) {
            let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
            return match self.0.below(6) {
                0 | 1 => Both::of("({} AND {})", "({} AND {})", &[&a, &b]),
                2 | 3 => Both::of("({} OR {})", "({} OR {})", &[&a, &b]),
                4 => Both::of("NOT ({})", "NOT ({})", &[&a]),
                _ => {
                    let c = self.condition(depth - 1);
                    Both::of("({} OR {} AND NOT {})", "({} OR {} AND NOT {})", &[&a, &b, &c])
                }
            };
        }
        match self.0.below(14) {
            0 | 1 => self.number_condition(),
            2 => self.wide_condition(),
            3 | 4 => {
                let (a, b) = (self.number(2).0, self.number(2).0);
                let comparison = *self.pick(&COMPARISONS);
                Both::of(&format!("{{}} {comparison} {{}}"), &format!("{{}} {comparison} {{}}"), &[&a, &b])
            }
            5 => {
                let (value, low, high) = (self.number(1).0, self.number(0).0, self.number(0).0);
                let not = if self.one_in(3) { "NOT " } else { "" };
                let template = format!("({{}} {not}BETWEEN {{}} AND {{}})");
                Both::of(&template, &template, &[&value, &low, &high])
            }
            6 | 7 => self.text_condition(),
            8 => self.like(),
            9 | 10 => self.time_condition(),
            11 => self.temporal(),
            12 => self.null_or_truth(),
            _ => self.list(),
        }
    }

    /// A column as it is, beside a literal.
    fn number_condition(&mut self) -> Both {
        let column = if self.one_in(2) { *self.pick(&INTEGERS) } else { *self.pick(&FLOATS) };
        let literal = |generator: &mut Self| {
            let halves = generator.0.below(60) as i64 - 20;
            match generator.0.below(3) {
                0 => format!("{}", halves as f64 / 2.0),
                1 => format!("{}", halves as f64 / 4.0),
                _ => format!("{halves}"),
            }
        };
        let first = literal(self);
        if self.one_in(3) {
            let mut items = vec![first, literal(self), literal(self)];
            if self.one_in(4) {
                items.push("NULL".to_owned());
            }
            let not = if self.one_in(3) { "NOT " } else { "" };
            return Both::same(format!("{column} {not}IN ({})", items.join(", ")));
        }
        let comparison = *self.pick(&COMPARISONS);
        Both::same(format!("{column} {comparison} {first}"))
    }

    /// Integers that doubles do not hold.
    fn wide_condition(&mut self) -> Both {
        let comparison = *self.pick(&COMPARISONS);
        let offset = self.0.below(30) as i64 - 8;
        Both::same(match self.0.below(3) {
            0 => format!("wide {comparison} {}", (1_i64 << 53) + offset),
            1 => format!("u64 {comparison} {}", u64::MAX - offset.unsigned_abs()),
            _ => format!("wide IN ({}, {}, 5)", (1_i64 << 53) + offset, (1_i64 << 53) + offset + 2),
        })
    }

    /// A number, and whether it is an integer. In SQL, all integers are wide enough for sums.
    fn number(&mut self, depth: usize) -> (Both, bool) {
        if depth == 0 || self.one_in(3) {
            return match self.0.below(4) {
                0 => {
                    let column = *self.pick(&INTEGERS);
                    (Both::new(column, format!("CAST({column} AS BIGINT)")), true)
                }
                1 => {
                    let column = *self.pick(&FLOATS);
                    (Both::new(column, format!("CAST({column} AS DOUBLE)")), false)
                }
                2 => {
                    let number = self.0.below(12) as i64 - 3;
                    (Both::new(number.to_string(), format!("CAST({number} AS BIGINT)")), true)
                }
                _ => {
                    let number = (self.0.below(24) as f64 - 6.0) / 2.0 + 0.25;
                    (Both::new(number.to_string(), format!("CAST({number} AS DOUBLE)")), false)
                }
            };
        }
        let ((a, a_integer), (b, b_integer)) = (self.number(depth - 1), self.number(depth - 1));
        let both = a_integer && b_integer;
        match self.0.below(8) {
            0 | 1 => (Both::of("({} + {})", "({} + {})", &[&a, &b]), both),
            2 => (Both::of("({} - {})", "({} - {})", &[&a, &b]), both),
            3 => (Both::of("({} * {})", "({} * {})", &[&a, &b]), both),
            4 => (Both::of("({} / {})", "(CAST({} AS DOUBLE) / CAST({} AS DOUBLE))", &[&a, &b]), false),
            5 => (Both::of("({} % {})", "({} % {})", &[&a, &b]), both),
            6 if both => (Both::of("({} DIV {})", "({} // {})", &[&a, &b]), true),
            6 => (Both::of("({} DIV {})", "trunc({} / {})", &[&a, &b]), false),
            _ => (Both::of("({} ^ 2)", "pow(CAST({} AS DOUBLE), 2)", &[&a]), false),
        }
    }

    fn text(&mut self) -> Both {
        let column = Both::same(*self.pick(&["t", "lt", "vt", "dict"]));
        match self.0.below(6) {
            0 => Both::of("CASEI({})", "lower({})", &[&column]),
            1 => Both::of("ACCENTI({})", "strip_accents({})", &[&column]),
            2 => Both::of("ACCENTI(CASEI({}))", "strip_accents(lower({}))", &[&column]),
            _ => column,
        }
    }

    fn literal(&mut self) -> Both {
        let text = *self.pick(&TEXTS);
        Both::same(format!("'{text}'"))
    }

    fn text_condition(&mut self) -> Both {
        let (text, other) = (self.text(), if self.one_in(4) { self.text() } else { self.literal() });
        if self.one_in(3) {
            let (a, b) = (self.literal(), self.literal());
            let null = if self.one_in(4) { ", NULL" } else { "" };
            let not = if self.one_in(3) { "NOT " } else { "" };
            let template = format!("{{}} {not}IN ({{}}, {{}}{null})");
            return Both::of(&template, &template, &[&text, &a, &b]);
        }
        let comparison = *self.pick(&COMPARISONS);
        let template = format!("{{}} {comparison} {{}}");
        Both::of(&template, &template, &[&text, &other])
    }

    fn like(&mut self) -> Both {
        let pieces = ["a", "b", "c", "%", "_", "\\%", "\\_", "é", "t", "line"];
        let length = 1 + self.0.below(4);
        let pattern: String = (0..length).map(|_| *self.pick(&pieces)).collect();
        let not = if self.one_in(3) { "NOT " } else { "" };
        let text = self.text();
        Both::of(
            &format!("{{}} {not}LIKE '{pattern}'"),
            &format!("{{}} {not}LIKE '{pattern}' ESCAPE '\\'"),
            &[&text],
        )
    }

    fn null_or_truth(&mut self) -> Both {
        let columns = [
            "i8", "i64", "u64", "f32", "decimal", "st.a", "st", "t", "dict", "b", "ns", "day", "l",
            "geometry", "crs",
        ];
        let column = *self.pick(&columns);
        match self.0.below(5) {
            0 => Both::same("b"),
            1 => Both::same("b = FALSE"),
            2 => Both::same("b <> TRUE"),
            3 => Both::same(format!("{column} IS NOT NULL")),
            _ => Both::same(format!("{column} IS NULL")),
        }
    }

    fn list(&mut self) -> Both {
        let (a, b) = (self.literal(), self.literal());
        // DuckDB counts nulls; here, as in SQL, they are equal to nothing.
        let here = "list_filter(l, lambda x: x IS NOT NULL)";
        match self.0.below(4) {
            0 => {
                Both::of("A_CONTAINS(l, ({}, {}))", &format!("list_has_all({here}, [{{}}, {{}}])"), &[&a, &b])
            }
            1 => {
                Both::of("A_OVERLAPS(l, ({}, {}))", &format!("list_has_any({here}, [{{}}, {{}}])"), &[&a, &b])
            }
            2 => Both::of(
                "A_CONTAINEDBY(l, ({}, {}))",
                &format!("list_has_all([{{}}, {{}}], {here})"),
                &[&a, &b],
            ),
            _ => Both::of(
                "A_EQUALS(l, ({}))",
                &format!("(list_has_all([{{}}], {here}) AND len({here}) > 0)"),
                &[&a],
            ),
        }
    }
}

/// A time: its day and second of the day.
fn instant(random: &mut Random) -> (String, String) {
    let day = random.below(30) as i64 - 15;
    let date = chrono::DateTime::from_timestamp(day * 86_400, 0).unwrap().format("%Y-%m-%d").to_string();
    (date, format!("{:02}:00:00", random.below(4) * 6))
}

/// Times.
impl Generator {
    /// In SQL, nanoseconds since 1970.
    fn time_column(&mut self) -> Both {
        let column = *self.pick(&["s", "ms", "us", "ns", "day", "datetime"]);
        Both::new(column, nanos(column))
    }

    fn time_condition(&mut self) -> Both {
        let comparison = *self.pick(&COMPARISONS);
        let template = format!("{{}} {comparison} {{}}");
        if self.one_in(3) {
            let (a, b) = (self.time_column(), self.time_column());
            return Both::of(&template, &template, &[&a, &b]);
        }
        let (date, time) = instant(&mut self.0);
        let column = *self.pick(&["s", "ms", "us", "ns", "datetime"]);
        if self.one_in(3) {
            return Both::same(format!("day {comparison} '{date}'"));
        }
        let (cql2, sql) = match self.0.below(4) {
            0 => (format!("DATE('{date}')"), format!("DATE '{date}'")),
            1 => (format!("TIMESTAMP('{date}T{time}Z')"), format!("'{date} {time}'")),
            2 => (format!("'{date} {time}'"), format!("'{date} {time}'")),
            _ => (format!("'{date}'"), format!("'{date}'")),
        };
        let column = Both::same(column);
        if self.one_in(4) {
            let (later, _) = instant(&mut self.0);
            return Both::of(
                &format!("{{}} BETWEEN {cql2} AND DATE('{later}')"),
                &format!("{{}} BETWEEN {sql} AND DATE '{later}'"),
                &[&column],
            );
        }
        Both::of(&format!("{{}} {comparison} {cql2}"), &format!("{{}} {comparison} {sql}"), &[&column])
    }

    /// A time or an interval: in CQL2, its start and its end in SQL.
    fn extent(&mut self) -> (String, String, String) {
        let day = 86_400_000_000_000_i64;
        if self.one_in(2) {
            let column = self.time_column();
            let end = if column.cql2 == "day" {
                format!("{} + {}", column.sql, day - 1_000)
            } else {
                column.sql.clone()
            };
            return (column.cql2, column.sql, end);
        }
        let (date, time) = instant(&mut self.0);
        let at = |text: &str| format!("epoch_ns(TIMESTAMP '{text}')");
        match self.0.below(4) {
            0 => (format!("DATE('{date}')"), at(&date), format!("{} + {}", at(&date), day - 1_000)),
            1 => (
                format!("INTERVAL('..', '{date}T{time}Z')"),
                i64::MIN.to_string(),
                at(&format!("{date} {time}")),
            ),
            2 => {
                let (a, b) = (self.time_column(), Both::new("ms", nanos("ms")));
                (format!("INTERVAL({}, {})", a.cql2, b.cql2), a.sql, b.sql)
            }
            _ => (
                format!("INTERVAL('{date}', TIMESTAMP('1971-01-01T00:00:00Z'))"),
                at(&date),
                at("1971-01-01"),
            ),
        }
    }

    fn temporal(&mut self) -> Both {
        let ((a, a_start, a_end), (b, b_start, b_end)) = (self.extent(), self.extent());
        let operators = [
            ("T_AFTER", format!("{a_start} > {b_end}")),
            ("T_BEFORE", format!("{a_end} < {b_start}")),
            ("T_CONTAINS", format!("({a_start} < {b_start} AND {a_end} > {b_end})")),
            ("T_DISJOINT", format!("({a_end} < {b_start} OR {a_start} > {b_end})")),
            ("T_DURING", format!("({a_start} > {b_start} AND {a_end} < {b_end})")),
            ("T_EQUALS", format!("({a_start} = {b_start} AND {a_end} = {b_end})")),
            ("T_FINISHES", format!("({a_start} > {b_start} AND {a_end} = {b_end})")),
            ("T_INTERSECTS", format!("({a_start} <= {b_end} AND {a_end} >= {b_start})")),
            ("T_OVERLAPS", format!("({a_start} < {b_start} AND {a_end} > {b_start} AND {a_end} < {b_end})")),
            ("T_STARTS", format!("({a_start} = {b_start} AND {a_end} < {b_end})")),
        ];
        let (operator, sql) = self.pick(&operators).clone();
        Both::new(format!("{operator}({a}, {b})"), sql)
    }
}

fn nanos(column: &str) -> String {
    match column {
        "day" => "epoch_ns(CAST(day AS TIMESTAMP))".to_owned(),
        column => format!("epoch_ns({column})"),
    }
}
