//! The one binary.

fn main() -> std::process::ExitCode {
    panoh::cli::main()
}
