//! The least program that can be a [`Compiler::Child`](soma_runtime::compile::Compiler): `compile_worker
//! compile-worker best-effort` reads a component and writes its artifact.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some(soma_runtime::compile::SUBCOMMAND), Some(confinement)) => soma_runtime::compile::serve(&confinement),
        _ => {
            eprintln!("usage: {} best-effort|required", soma_runtime::compile::SUBCOMMAND);
            ExitCode::FAILURE
        }
    }
}
