//! A `?` whose error doesn't convert, or in a function that returns no `Result`, is reported.
use agent_metrics::track_tool;

#[derive(Debug)]
struct First;
#[derive(Debug)]
struct Second;

fn fails() -> Result<u8, Second> {
    Err(Second)
}

#[track_tool]
async fn other_error() -> Result<u8, First> {
    let number = fails()?;
    Ok(number)
}

#[track_tool]
fn other_error_sync() -> Result<u8, First> {
    let number = fails()?;
    Ok(number)
}

#[track_tool]
async fn no_result() -> u8 {
    fails()?
}

#[track_tool]
fn no_result_sync() -> u8 {
    fails()?
}

#[track_tool]
async fn option_in_result() -> Result<u8, First> {
    Ok(None?)
}

#[track_tool]
fn tail_sync() -> Result<u8, First> {
    fails()
}

fn main() {}
