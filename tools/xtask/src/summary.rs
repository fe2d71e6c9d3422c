//! The steps of a task as they run, and the account of them at the end.

use std::time::{Duration, Instant};

use crate::error::Error;

/// How a step ended, with a few words on it.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Done(String),
    /// It could not be done, and that is not held against the run.
    Skipped(String),
    /// It failed.
    Failed(String),
}

struct Step {
    name: &'static str,
    outcome: Outcome,
    time: Duration,
}

/// The steps that have run.
pub struct Summary {
    steps: Vec<Step>,
    started: Instant,
}

impl Summary {
    /// No steps yet.
    pub fn new() -> Self {
        Self { steps: Vec::new(), started: Instant::now() }
    }

    /// Runs a step, saying so before and after.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce() -> Outcome) {
        println!("\n==> {name}");
        let started = Instant::now();
        let outcome = work();
        let step = Step { name, outcome, time: started.elapsed() };
        match &step.outcome {
            Outcome::Failed(why) => println!("{why}\n<== {name}: FAILED after {}", seconds(step.time)),
            Outcome::Skipped(_) => println!("<== {name}: SKIPPED after {}", seconds(step.time)),
            Outcome::Done(_) => println!("<== {name}: done in {}", seconds(step.time)),
        }
        self.steps.push(step);
    }

    /// Prints every step with its time.
    ///
    /// # Errors
    /// [`Error::Failed`], naming them, if any step failed.
    pub fn finish(self) -> Result<(), Error> {
        let time = seconds(self.started.elapsed());
        println!("\nSummary");
        for Step { name, outcome, time } in &self.steps {
            let (word, note) = match outcome {
                Outcome::Done(note) => ("ok", note),
                Outcome::Skipped(note) => ("SKIPPED", note),
                Outcome::Failed(note) => ("FAILED", note),
            };
            let note = note.lines().next().unwrap_or_default();
            println!("{}", format!("  {word:<8} {name:<14} {:>9}  {note}", seconds(*time)).trim_end());
        }
        let failed = |step: &&Step| matches!(step.outcome, Outcome::Failed(_));
        let failed: Vec<_> = self.steps.iter().filter(failed).map(|step| step.name).collect();
        if failed.is_empty() {
            println!("Done in {time}.");
            Ok(())
        } else {
            Err(Error::Failed(format!("failed after {time}: {}", failed.join(", "))))
        }
    }
}

impl From<Result<(), Error>> for Outcome {
    fn from(result: Result<(), Error>) -> Self {
        result.map(|()| String::new()).into()
    }
}

impl From<Result<String, Error>> for Outcome {
    fn from(result: Result<String, Error>) -> Self {
        match result {
            Ok(note) => Self::Done(note),
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

/// A frame of `#` around lines that must not be overlooked.
pub fn banner(lines: &[&str]) -> String {
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let edge = "#".repeat(width + 4);
    let mut framed = format!("{edge}\n");
    for line in lines {
        framed += &format!("# {line:<width$} #\n");
    }
    framed + &edge
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_fails_the_task() {
        let mut summary = Summary::new();
        summary.step("good", || Ok("fine".to_owned()).into());
        summary.step("missing", || Outcome::Skipped("no Python".to_owned()));
        summary.step("bad", || Err(Error::Failed("broken".to_owned())).map(|()| String::new()).into());
        summary.step("good again", || Outcome::from(Ok(())));
        let error = summary.finish().expect_err("a step failed").to_string();
        assert!(error.ends_with(": bad"), "{error}");
    }

    #[test]
    fn skipped_steps_do_not_fail_the_task() {
        let mut summary = Summary::new();
        summary.step("missing", || Outcome::Skipped("no Python".to_owned()));
        assert!(summary.finish().is_ok());
    }

    #[test]
    fn a_banner_frames_its_lines() {
        assert_eq!(banner(&["long line", "é"]), "#############\n# long line #\n# é         #\n#############");
    }
}
