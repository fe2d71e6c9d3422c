//! The programs that the build needs.
//!
//! They are what bundled PROJ wants: CMake with a make, a C and a C++ compiler, and the `sqlite3` *program*, with
//! which PROJ's build makes `proj.db` (its CMakeLists.txt stops without it). The SQLite *library* is built from
//! the source that `libsqlite3-sys` carries (feature `bundled`, asserted by [`crate::dependencies`]), so neither
//! its headers nor pkg-config are needed. libjpeg-turbo, which wants CMake too, assembles its vector code for x86 with
//! NASM; without, JPEG decodes to the same pixels in more time, so that the build goes on where it cannot be had.

use std::env;

use crate::error::Error;
use crate::package_manager::{Installer, Package, PackageManager};
use crate::shell;

/// A program that the build calls.
struct Tool {
    /// Looked up on `PATH`.
    program: String,
    /// Installed where the program is missing.
    package: Package,
    /// Whether the build fails without.
    required: bool,
}

/// Makes sure that every program is there, installing what is missing where that is allowed.
///
/// # Errors
/// [`Error::Missing`], with the command to run, where something is missing that the build fails without, and that
/// cannot be installed.
pub fn ensure() -> Result<(), Error> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    match install(&missing) {
        Err(error) if missing.iter().all(|tool| !tool.required) => {
            eprintln!("xtask: {error}; going on without");
            Ok(())
        }
        result => result,
    }
}

fn install(missing: &[Tool]) -> Result<(), Error> {
    let listed = programs(missing);
    let Some(installer) = Installer::find() else {
        return Err(Error::Missing(format!(
            "the build needs {listed}, and no package manager that this task knows is on PATH: \
             install what is missing, then run the task again"
        )));
    };
    let names = names(installer.manager(), missing);
    let by_hand = |why: &str| {
        Error::Missing(format!(
            "the build needs {listed}, {why}. Run\n\n    {}\n\nthen the task again",
            installer.advice(&names)
        ))
    };
    if !installer.allowed() {
        return Err(by_hand("and this user may not install packages without being asked for a password"));
    }
    println!("The build needs {listed}: installing with the system's package manager.");
    if let Err(error) = installer.install(&names) {
        return Err(by_hand(&format!("and installing it failed ({error})")));
    }
    let missing = self::missing();
    if missing.iter().all(|tool| !tool.required) {
        Ok(())
    } else {
        Err(by_hand(&format!("and {} is still not on PATH after installing it", programs(&missing))))
    }
}

fn missing() -> Vec<Tool> {
    tools().into_iter().filter(|tool| shell::find(&tool.program).is_none()).collect()
}

fn tools() -> Vec<Tool> {
    let tool = |program: &str, package| Tool { program: program.to_owned(), package, required: true };
    let mut tools = vec![tool("cmake", Package::Cmake), tool("sqlite3", Package::Sqlite)];
    // On macOS and Windows compilers come with the linker that Rust itself cannot do without.
    if cfg!(not(any(target_os = "macos", windows))) {
        tools.push(tool(&compiler("CC", "cc"), Package::CCompiler));
        tools.push(tool(&compiler("CXX", "c++"), Package::CxxCompiler));
        let ninja = env::var("CMAKE_GENERATOR").is_ok_and(|generator| generator.starts_with("Ninja"));
        tools.push(if ninja { tool("ninja", Package::Ninja) } else { tool("make", Package::Make) });
    }
    if cfg!(any(target_arch = "x86", target_arch = "x86_64")) {
        tools.push(Tool { required: false, ..tool("nasm", Package::Nasm) });
    }
    tools
}

/// The compiler that the environment asks for, else the usual one. `CC` may carry arguments (`gcc -m64`).
fn compiler(variable: &str, usual: &str) -> String {
    let asked = env::var(variable).unwrap_or_default();
    asked.split_whitespace().next().unwrap_or(usual).to_owned()
}

fn programs(tools: &[Tool]) -> String {
    let name = |tool: &Tool| format!("{}{}", tool.program, if tool.required { "" } else { " (for speed)" });
    tools.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// What `manager` calls the packages of `tools`, each once.
fn names(manager: PackageManager, tools: &[Tool]) -> Vec<String> {
    let mut names = Vec::new();
    for name in tools.iter().flat_map(|tool| manager.name(tool.package).split_whitespace()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_once() {
        let tools = [Package::CCompiler, Package::CxxCompiler, Package::Sqlite].map(|package| Tool {
            program: String::new(),
            package,
            required: true,
        });
        assert_eq!(names(PackageManager::Pacman, &tools), ["gcc", "sqlite"]);
        assert_eq!(names(PackageManager::Apt, &tools), ["gcc", "libc6-dev", "g++", "sqlite3"]);
    }
}
