//! Python environments: packages at pinned versions, for the parity suites and for the peers of the benchmarks.

use std::env;
use std::fmt;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::package_manager::{Installer, Package, PackageManager};
use crate::shell;

/// An environment that a task needs.
#[derive(Debug)]
pub struct Wanted {
    /// Where it lies, relative to the workspace.
    pub folder: &'static str,
    /// What is installed, relative to the workspace.
    pub requirements: &'static str,
    /// The packages that are imported. Importing them shows whether their shared libraries can be loaded.
    pub imports: &'static str,
    /// Versions of Python for which the requirements have wheels, the first and the last.
    pub supported: [(u32, u32); 2],
}

/// The environment of the parity suites: rasterio and its kin.
pub const PARITY: Wanted = Wanted {
    folder: ".venv",
    requirements: "tools/peers/requirements-parity.txt",
    imports: "numpy, PIL, pyarrow, pyproj, rasterio, shapely",
    supported: [(3, 10), (3, 14)],
};

/// The environment of the suites of sharing: rasteret in Python, where there are wheels of it, and what reads tables.
pub const INTEROP: Wanted = Wanted {
    folder: "target/env-interop",
    requirements: "tools/peers/requirements-interop.txt",
    imports: "duckdb, geopandas, geoparquet_validator, polars, pyarrow.fs, pystac, rasterio, stac_geoparquet",
    supported: [(3, 10), (3, 14)],
};

/// The file in the environment that says what it was made from. It is written last, so an environment that was
/// not finished has none.
const STAMP: &str = "rasteret-requirements.txt";

/// Looked for in this order. The first ones are those for which most wheels exist.
const CANDIDATES: [&str; 7] =
    ["python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python3", "python"];

/// Where version managers keep interpreters that are not on `PATH`, a folder for each: pyenv, uv, mise, asdf.
const MANAGED: [&str; 4] = [
    ".pyenv/versions",
    ".local/share/uv/python",
    ".local/share/mise/installs/python",
    ".asdf/installs/python",
];

/// An environment that has everything.
#[derive(Debug)]
pub struct Environment {
    /// Its interpreter.
    pub python: PathBuf,
    /// The version of that.
    pub version: Version,
}

/// Makes sure that the environment is there, up to date and working; at once where it already is.
///
/// # Errors
/// Why it cannot be had: no Python, no network, …
pub fn ensure(root: &Path, wanted: &Wanted) -> Result<Environment, Error> {
    let requirements = root.join(wanted.requirements);
    let pins = fs::read_to_string(&requirements)
        .map_err(|error| Error::Failed(format!("{}: {error}", requirements.display())))?;
    let Interpreter { program, version } = interpreter(wanted.supported)?;
    let folder = root.join(wanted.folder);
    let python = environment_python(&folder);
    let stamp = folder.join(STAMP);
    let content = stamp_text(&version, &pins);
    let current =
        fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == content) && probe(&python) == Some(version);
    if !current {
        let made = install(&program, &version, &folder, &requirements)
            .and_then(|()| ensure_imports(&python, wanted.imports))
            .and_then(|()| write(&stamp, &content));
        if made.is_err() {
            // Half an environment could be taken for a whole one.
            let _ = fs::remove_dir_all(&folder);
        }
        made?;
    }
    Ok(Environment { python, version })
}

/// A Python of a version that `wanted` supports, installed if there is none.
pub fn program(wanted: &Wanted) -> Result<PathBuf, Error> {
    Ok(PathBuf::from(interpreter(wanted.supported)?.program))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| Error::Failed(format!("{}: {error}", path.display())))
}

/// What an environment is made from: another Python or another pin makes another environment.
fn stamp_text(version: &Version, pins: &str) -> String {
    format!("# Python {version}\n{pins}")
}

fn environment_python(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// A Python to make the environment with.
struct Interpreter {
    program: String,
    version: Version,
}

/// The interpreter that `$RASTERET_TEST_PYTHON` names, else the first that is found, else one that is installed.
fn interpreter(versions: [(u32, u32); 2]) -> Result<Interpreter, Error> {
    let wanted = || {
        let [first, last] = versions.map(|(major, minor)| format!("{major}.{minor}"));
        format!("working Python {first} to {last}")
    };
    if let Ok(program) = env::var("RASTERET_TEST_PYTHON") {
        return match supported(&program, versions) {
            Some(version) => Ok(Interpreter { program, version }),
            None => Err(Error::Missing(format!("RASTERET_TEST_PYTHON={program} is not a {}", wanted()))),
        };
    }
    if let Some(found) = find(versions) {
        return Ok(found);
    }
    if let Some(installer) = Installer::find().filter(Installer::allowed) {
        println!("There is no {}: installing one with the system's package manager.", wanted());
        installer.install(&[installer.manager().name(Package::Python).to_owned()])?;
    }
    find(versions).ok_or_else(|| Error::Missing(format!("no {} was found", wanted())))
}

fn find(versions: [(u32, u32); 2]) -> Option<Interpreter> {
    let managed = managed(env::home_dir().as_deref());
    CANDIDATES.iter().find_map(|&name| {
        let managed = managed.iter().map(|folder| folder.join("bin").join(name));
        let managed = managed.filter_map(|program| program.into_os_string().into_string().ok());
        iter::once(name.to_owned())
            .chain(managed)
            .find_map(|program| Some(Interpreter { version: supported(&program, versions)?, program }))
    })
}

/// The folders of the interpreters that version managers keep in a home.
fn managed(home: Option<&Path>) -> Vec<PathBuf> {
    let roots = home.into_iter().flat_map(|home| MANAGED.iter().map(|root| home.join(root)));
    let folders = roots.filter_map(|root| fs::read_dir(root).ok()).flatten();
    let mut folders: Vec<_> = folders.filter_map(|folder| Some(folder.ok()?.path())).collect();
    folders.sort();
    folders
}

fn supported(program: &str, versions: [(u32, u32); 2]) -> Option<Version> {
    probe(Path::new(program)).filter(|version| version.is_within(versions))
}

/// Asks an interpreter for its version. A file of the right name is not enough: version managers put stand-ins on
/// `PATH` that only say what could be installed.
fn probe(python: &Path) -> Option<Version> {
    let version = "import sys; print('.'.join(map(str, sys.version_info[:3])))";
    let output = Command::new(python).args(["-c", version]).stdin(Stdio::null()).output().ok()?;
    if output.status.success() { Version::parse(&String::from_utf8_lossy(&output.stdout)) } else { None }
}

/// Makes a new environment in `folder` and installs `requirements` into it.
fn install(program: &str, version: &Version, folder: &Path, requirements: &Path) -> Result<(), Error> {
    println!("Making a Python environment in {}.", folder.display());
    let python = environment_python(folder);
    let mut pip = if make_environment(program, version, folder)? {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip"]);
        pip
    } else {
        let mut pip = Command::new(program);
        pip.args(["-m", "pip", "--python"]).arg(&python);
        pip
    };
    // Wheels only: where there is none, compiling GDAL from source is nothing that a test run should start.
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip.args(["--only-binary", ":all:", "--require-hashes", "--requirement"]).arg(requirements);
    shell::run(pip.stdin(Stdio::null())).map_err(|_| {
        Error::Failed(format!("pip could not install {}; its own words are above", requirements.display()))
    })
}

/// Makes an empty environment; says whether it has a pip of its own.
fn make_environment(program: &str, version: &Version, folder: &Path) -> Result<bool, Error> {
    let venv = |options: &[&str]| {
        let mut venv = Command::new(program);
        venv.args(["-m", "venv", "--clear"]).args(options).arg(folder).stdin(Stdio::null());
        shell::run(&mut venv)
    };
    if venv(&[]).is_ok() {
        return Ok(true);
    }
    // Debian keeps the pip for new environments in a package of its own.
    if let Some(installer) = Installer::find().filter(Installer::allowed)
        && installer.manager() == PackageManager::Apt
    {
        let package = format!("python{}.{}-venv", version.major, version.minor);
        if installer.install(&[package]).is_ok() && venv(&[]).is_ok() {
            return Ok(true);
        }
    }
    println!("Trying the system's pip instead.");
    venv(&["--without-pip"])?;
    Ok(false)
}

/// Imports what was installed. rasterio's wheels carry every library but Expat, which slim images lack.
fn ensure_imports(python: &Path, packages: &str) -> Result<(), Error> {
    let Err(why) = import(python, packages) else { return Ok(()) };
    let expat = Installer::find().filter(|installer| why.contains("libexpat") && installer.allowed());
    let Some(installer) = expat else { return Err(Error::Failed(why)) };
    println!("rasterio needs the Expat library: installing with the system's package manager.");
    installer
        .install(&[installer.manager().name(Package::Expat).to_owned()])
        .map_err(|error| Error::Failed(format!("{why}\n{error}")))?;
    import(python, packages).map_err(Error::Failed)
}

fn import(python: &Path, packages: &str) -> Result<(), String> {
    let output =
        Command::new(python).args(["-c", &format!("import {packages}")]).stdin(Stdio::null()).output();
    match output {
        Err(error) => Err(format!("{}: {error}", python.display())),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let trace = String::from_utf8_lossy(&output.stderr);
            let last = trace.lines().last().unwrap_or("no message");
            Err(format!("the packages are installed but cannot be imported: {last}"))
        }
    }
}

/// A version of Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '.').map(|part| part.parse().ok());
        Some(Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? })
    }

    fn is_within(&self, [first, last]: [(u32, u32); 2]) -> bool {
        (first..=last).contains(&(self.major, self.minor))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let version = Version::parse("3.12.4\n").expect("valid");
        assert_eq!(version, Version { major: 3, minor: 12, patch: 4 });
        assert_eq!(version.to_string(), "3.12.4");
        for bad in ["", "3", "3.12", "3.12.x", "Python 3.12.4"] {
            assert_eq!(Version::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn supported_versions() {
        let supported = |text| Version::parse(text).expect("valid").is_within([(3, 10), (3, 14)]);
        assert!(["3.10.0", "3.13.9", "3.14.1"].into_iter().all(supported));
        assert!(!["2.7.18", "3.9.20", "3.15.0", "4.0.0"].into_iter().any(supported));
    }

    #[test]
    fn interpreters_of_version_managers_are_found() {
        let home = env::temp_dir().join(format!("rasteret-home-{}", std::process::id()));
        let folders =
            [".local/share/uv/python/cpython-3.13.9", ".pyenv/versions/3.12.1"].map(|f| home.join(f));
        for folder in &folders {
            fs::create_dir_all(folder).expect("the folder can be made");
        }
        let found = managed(Some(&home));
        fs::remove_dir_all(&home).expect("the folder can be removed");
        assert_eq!(found, folders);
        assert_eq!(managed(None), Vec::<PathBuf>::new());
    }

    #[test]
    fn another_pin_or_python_makes_another_stamp() {
        let [old, new] = ["3.12.4", "3.13.0"].map(|text| Version::parse(text).expect("valid"));
        let stamp = stamp_text(&old, "numpy==2.3.3\n");
        assert_ne!(stamp, stamp_text(&new, "numpy==2.3.3\n"));
        assert_ne!(stamp, stamp_text(&old, "numpy==2.3.4\n"));
        assert_eq!(stamp, stamp_text(&old, "numpy==2.3.3\n"));
    }

    #[test]
    fn what_is_not_a_python_has_no_version() {
        assert_eq!(probe(Path::new("no-program-has-this-name")), None);
        assert_eq!(probe(Path::new(&env::var("CARGO").expect("cargo sets CARGO for tests"))), None);
    }
}
