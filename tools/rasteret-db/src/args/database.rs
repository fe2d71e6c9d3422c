//! `db …`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Db {
    /// Sizes and counts
    Stats,
    /// Check that nothing is damaged; exits 3 and lists what is
    Verify {
        /// Also decode every record and every header
        #[arg(long)]
        deep: bool,
    },
    /// Give unused space back to the file system
    Compact,
}
