//! The program: reads the options and serves.

use bedrock_emulator::{judge, options, server};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == "judge"
    {
        return match judge::run(rest) {
            Ok(0) => ExitCode::SUCCESS,
            Ok(refused) => {
                eprintln!("{refused} of the bodies are refused");
                ExitCode::FAILURE
            }
            Err(error) => {
                eprintln!("bedrock-emulator: {error}");
                ExitCode::from(2)
            }
        };
    }
    let options = match options::Options::read(arguments.into_iter(), |name| std::env::var(name).ok()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("bedrock-emulator: {error}");
            return ExitCode::from(2);
        }
    };
    match server::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bedrock-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}
