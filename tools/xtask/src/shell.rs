//! Finding programs and running them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;

/// The executable file that `program` stands for: a path as it is, a bare name looked up on `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let file_name = format!("{program}{}", env::consts::EXE_SUFFIX);
    if Path::new(program).components().count() > 1 {
        return [PathBuf::from(program), PathBuf::from(file_name)]
            .into_iter()
            .find(|path| is_executable(path));
    }
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file_name))
        .find(|path| is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Runs `command` with its output going straight through; anything but success is an error.
pub fn run(command: &mut Command) -> Result<(), Error> {
    announce(command);
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Failed(format!("`{}` failed: {status}", line(command))))
    }
}

/// Runs `command` and hands back what it wrote to standard output; standard error goes through.
pub fn output(command: &mut Command) -> Result<String, Error> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Error::Failed(format!("`{}` failed: {}", line(command), output.status)))
    }
}

/// Whether `command` can be started and succeeds; its output is dropped.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Says which command runs next.
pub fn announce(command: &Command) {
    println!("$ {}", line(command));
}

/// The error for a program that could not be started at all.
pub fn cannot_start(command: &Command, error: &std::io::Error) -> Error {
    Error::Failed(format!("`{}` could not be started: {error}", line(command)))
}

/// `command` as one would type it, with the program's bare name.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| quote(&argument.to_string_lossy()));
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_what_one_would_type() {
        let mut command = Command::new("/opt/rust/bin/cargo");
        command.args(["test", "--", "two words", "it's", ""]);
        assert_eq!(line(&command), r"cargo test -- 'two words' 'it'\''s' ''");
    }

    #[test]
    fn find_takes_names_and_paths() {
        let cargo = env::var("CARGO").expect("cargo sets CARGO for tests");
        assert_eq!(find(&cargo).as_deref(), Some(Path::new(&cargo)));
        assert!(find("no-program-has-this-name").is_none());
        assert!(find(&format!("{cargo}-missing")).is_none());
    }
}
