//! A rate limit service for Envoy's `ratelimit` filter: budgets of requests, tokens and cost, by caller and by team.
//!
//! `limits.rs` reads the file of limits, `budgets.rs` counts their use, `service.rs` speaks Envoy's protocol. Counters are in
//! memory: after a restart all budgets are full.

mod budgets;
mod limits;
mod service;

use budgets::Budgets;
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_service_server::RateLimitServiceServer;
use limits::Limits;
use service::Service;
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

const USAGE: &str = "usage: bedrock-ratelimit LIMITS.yaml [ADDRESS:PORT]

Answers Envoy's ratelimit filter (envoy.service.ratelimit.v3) on ADDRESS:PORT, 127.0.0.1:8081 where none is given.
SIGHUP reads the file again; SIGTERM ends it when all who asked are answered.";
const ADDRESS: &str = "127.0.0.1:8081";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, address) = match arguments.as_slice() {
        [file] if !file.starts_with('-') => (file, ADDRESS),
        [file, address] if !file.starts_with('-') => (file, address.as_str()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(if arguments.iter().any(|word| word == "--help") { 0 } else { 2 });
        }
    };
    match serve(PathBuf::from(file), address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(file: &Path) -> Result<Limits, Box<dyn Error>> {
    let named = |what: &dyn Error| format!("{}: {what}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
    Ok(Limits::parse(&text).map_err(|error| named(&error))?)
}

fn serve(file: PathBuf, address: &str) -> Result<(), Box<dyn Error>> {
    let limits = read(&file)?;
    let address: SocketAddr = address.parse().map_err(|error| format!("{address}: {error}"))?;
    println!("{} limits of the domain {}", limits.count(), limits.domain);
    let budgets = Arc::new(Budgets::new(limits));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("cannot listen on {address}: {error}"))?;
        println!("listening on {}", listener.local_addr()?);
        tokio::spawn(read_again(file, Arc::clone(&budgets), signal(SignalKind::hangup())?));
        let mut terminate = signal(SignalKind::terminate())?;
        let ended = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        };
        let service = RateLimitServiceServer::new(Service { budgets });
        Server::builder()
            .add_service(service)
            .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), ended)
            .await?;
        Ok(())
    })
}

/// Reads the file at every SIGHUP. An invalid file changes nothing.
async fn read_again(file: PathBuf, budgets: Arc<Budgets>, mut asked: tokio::signal::unix::Signal) {
    while asked.recv().await.is_some() {
        match read(&file) {
            Ok(limits) => {
                println!("{} limits of the domain {}, read again", limits.count(), limits.domain);
                budgets.replace(limits);
            }
            Err(error) => eprintln!("error: {error}; the limits stay as they were"),
        }
    }
}
