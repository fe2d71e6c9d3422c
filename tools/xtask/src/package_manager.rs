//! The system's package manager: which one there is, whether it may be used, and what it calls things.

use std::process::{Command, Stdio};

use crate::error::Error;
use crate::shell;

/// A package manager that can install what the build needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageManager {
    /// Debian, Ubuntu.
    Apt,
    /// Fedora, RHEL and their kin.
    Dnf,
    /// openSUSE.
    Zypper,
    /// Alpine.
    Apk,
    /// Arch.
    Pacman,
    /// macOS (and Linux).
    Brew,
    /// Windows. Only ever named in advice: what it installs is not on the `PATH` of a running process.
    Winget,
}

/// What may have to be installed, by concept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// CMake.
    Cmake,
    /// A C compiler with the C library's headers.
    CCompiler,
    /// A C++ compiler with the C++ library's headers.
    CxxCompiler,
    /// Make.
    Make,
    /// Ninja.
    Ninja,
    /// The `sqlite3` program.
    Sqlite,
    /// The assembler NASM.
    Nasm,
    /// Python 3 that can make virtual environments.
    Python,
    /// The Expat library, which rasterio's wheels expect of the system.
    Expat,
}

/// With which rights commands can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// The user is root.
    Root,
    /// `sudo` works without asking for a password.
    Sudo,
    /// Neither.
    User,
}

use Package as P;
use PackageManager as M;

impl PackageManager {
    /// In the order in which they are tried.
    const ALL: [Self; 7] = [M::Apt, M::Dnf, M::Zypper, M::Apk, M::Pacman, M::Brew, M::Winget];

    fn program(self) -> &'static str {
        match self {
            M::Apt => "apt-get",
            M::Dnf => "dnf",
            M::Zypper => "zypper",
            M::Apk => "apk",
            M::Pacman => "pacman",
            M::Brew => "brew",
            M::Winget => "winget",
        }
    }

    /// What this manager calls `package`; several names are separated by a space.
    pub fn name(self, package: Package) -> &'static str {
        match (package, self) {
            (P::Cmake, M::Winget) => "Kitware.CMake",
            (P::Cmake, _) => "cmake",
            (P::CCompiler, M::Apt) => "gcc libc6-dev",
            (P::CCompiler, M::Apk) => "gcc musl-dev",
            (P::CxxCompiler, M::Apt | M::Apk) => "g++",
            (P::CxxCompiler, M::Dnf | M::Zypper) => "gcc-c++",
            (P::CCompiler | P::CxxCompiler, _) => "gcc",
            (P::Make, _) => "make",
            (P::Ninja, M::Apt | M::Dnf) => "ninja-build",
            (P::Ninja, M::Winget) => "Ninja-build.Ninja",
            (P::Ninja, _) => "ninja",
            (P::Sqlite, M::Apt | M::Zypper) => "sqlite3",
            (P::Sqlite, M::Winget) => "SQLite.SQLite",
            (P::Sqlite, _) => "sqlite",
            (P::Nasm, M::Winget) => "NASM.NASM",
            (P::Nasm, _) => "nasm",
            (P::Python, M::Apt) => "python3-venv",
            (P::Python, M::Pacman) => "python",
            (P::Python, M::Brew) => "python@3.13",
            (P::Python, M::Winget) => "Python.Python.3.13",
            (P::Python, _) => "python3",
            (P::Expat, M::Apt | M::Zypper) => "libexpat1",
            (P::Expat, _) => "expat",
        }
    }

    /// The command, if one is needed, that fetches the lists of packages. Only apt-get does not do so by itself,
    /// and a fresh image comes without any lists.
    fn refresh(self) -> Option<&'static str> {
        (self == M::Apt).then_some("apt-get update")
    }

    /// The command that installs packages without asking anything.
    fn install(self) -> &'static str {
        match self {
            M::Apt => "env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends",
            M::Dnf => "dnf install -y",
            M::Zypper => "zypper --non-interactive install",
            M::Apk => "apk add --no-cache",
            M::Pacman => "pacman -Sy --noconfirm --needed",
            M::Brew => "brew install",
            M::Winget => "winget install",
        }
    }

    fn needs_root(self) -> bool {
        !matches!(self, M::Brew | M::Winget)
    }

    /// Whether this manager can be used with `rights`; Homebrew refuses to run as root.
    fn usable(self, rights: Rights) -> bool {
        match self {
            M::Winget => false,
            M::Brew => rights != Rights::Root,
            _ => rights != Rights::User,
        }
    }
}

/// A package manager of this system, and the rights to run it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Installer {
    manager: PackageManager,
    rights: Rights,
}

impl Installer {
    /// The package manager to use here, if there is any.
    pub fn find() -> Option<Self> {
        let found: Vec<_> =
            M::ALL.into_iter().filter(|manager| shell::find(manager.program()).is_some()).collect();
        Self::choose(&found, rights())
    }

    /// The first manager that `rights` suffice for; else the first, for advice only.
    fn choose(found: &[PackageManager], rights: Rights) -> Option<Self> {
        let usable = found.iter().find(|manager| manager.usable(rights));
        usable.or(found.first()).map(|&manager| Self { manager, rights })
    }

    /// The package manager.
    pub fn manager(&self) -> PackageManager {
        self.manager
    }

    /// Whether [`install`](Self::install) has the rights that it needs.
    pub fn allowed(&self) -> bool {
        self.manager.usable(self.rights)
    }

    /// Installs packages, by the names that this manager gives them.
    pub fn install(&self, names: &[String]) -> Result<(), Error> {
        let sudo: &[&str] =
            if self.rights == Rights::Sudo && self.manager.needs_root() { &["sudo", "-n"] } else { &[] };
        if let Some(refresh) = self.manager.refresh() {
            // One repository out of reach must not stop the install: the others may have what is wanted.
            if let Err(error) = run(&words(sudo, refresh, &[])) {
                eprintln!("xtask: {error}; going on");
            }
        }
        run(&words(sudo, self.manager.install(), names))
    }

    /// The command line with which a person installs packages.
    pub fn advice(&self, names: &[String]) -> String {
        let sudo: &[&str] =
            if self.rights != Rights::Root && self.manager.needs_root() { &["sudo"] } else { &[] };
        let refresh = self.manager.refresh().map(|refresh| words(sudo, refresh, &[]));
        let install = words(sudo, self.manager.install(), names);
        refresh.into_iter().chain([install]).map(|words| words.join(" ")).collect::<Vec<_>>().join(" && ")
    }
}

fn words(prefix: &[&str], command: &str, names: &[String]) -> Vec<String> {
    let fixed = prefix.iter().copied().chain(command.split_whitespace()).map(str::to_owned);
    fixed.chain(names.iter().cloned()).collect()
}

/// Runs a package manager. It gets no standard input, so it cannot stop to ask.
fn run(words: &[String]) -> Result<(), Error> {
    shell::run(Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()))
}

fn rights() -> Rights {
    let uid = shell::output(Command::new("id").arg("-u")).unwrap_or_default();
    if uid.trim() == "0" {
        Rights::Root
    } else if shell::succeeds(Command::new("sudo").args(["-n", "true"])) {
        Rights::Sudo
    } else {
        Rights::User
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(found: &[PackageManager], rights: Rights) -> Option<(PackageManager, bool)> {
        Installer::choose(found, rights).map(|installer| (installer.manager(), installer.allowed()))
    }

    #[test]
    fn the_first_manager_that_may_be_used_is_chosen() {
        assert_eq!(choose(&[M::Apt], Rights::Root), Some((M::Apt, true)));
        assert_eq!(choose(&[M::Apt], Rights::Sudo), Some((M::Apt, true)));
        assert_eq!(choose(&[M::Apt, M::Brew], Rights::Sudo), Some((M::Apt, true)));
        assert_eq!(choose(&[M::Apt, M::Brew], Rights::User), Some((M::Brew, true)));
        assert_eq!(choose(&[M::Brew], Rights::User), Some((M::Brew, true)));
    }

    #[test]
    fn without_rights_the_first_manager_gives_advice() {
        assert_eq!(choose(&[M::Dnf], Rights::User), Some((M::Dnf, false)));
        assert_eq!(choose(&[M::Brew], Rights::Root), Some((M::Brew, false)));
        assert_eq!(choose(&[M::Winget], Rights::User), Some((M::Winget, false)));
        assert_eq!(choose(&[], Rights::Root), None);
    }

    #[test]
    fn advice_can_be_pasted() {
        let advice = |manager, rights, names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            Installer { manager, rights }.advice(&names)
        };
        assert_eq!(
            advice(M::Apt, Rights::User, &["cmake", "g++"]),
            "sudo apt-get update && \
             sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends cmake g++"
        );
        assert_eq!(advice(M::Apk, Rights::Root, &["sqlite"]), "apk add --no-cache sqlite");
        assert_eq!(advice(M::Brew, Rights::User, &["cmake"]), "brew install cmake");
        assert_eq!(advice(M::Dnf, Rights::Sudo, &["cmake"]), "sudo dnf install -y cmake");
    }

    #[test]
    fn compilers_come_with_the_headers_of_their_library() {
        assert_eq!(M::Apt.name(P::CCompiler), "gcc libc6-dev");
        assert_eq!(M::Apk.name(P::CCompiler), "gcc musl-dev");
        assert_eq!(M::Dnf.name(P::CxxCompiler), "gcc-c++");
        assert_eq!(M::Pacman.name(P::CxxCompiler), "gcc");
    }
}
