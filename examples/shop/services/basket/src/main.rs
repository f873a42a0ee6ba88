//! Keeps what a visitor has put aside, for a week.

use std::env;
use std::error::Error;

use redis::Commands;
use tiny_http::{Header, Method, Request, Response, Server};

const WEEK_SECONDS: i64 = 7 * 24 * 60 * 60;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let client = redis::Client::open(env::var("REDIS_URL")?)?;
    let server = Server::http("0.0.0.0:8081")?;
    for request in server.incoming_requests() {
        if let Err(error) = answer(&client, request) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

fn answer(client: &redis::Client, mut request: Request) -> Result<(), Box<dyn Error + Send + Sync>> {
    let Some(visitor) = request.url().strip_prefix("/baskets/").map(str::to_owned) else {
        let status = if request.url() == "/healthz" { 200 } else { 404 };
        return Ok(request.respond(Response::empty(status))?);
    };
    let key = format!("basket:{visitor}");
    let mut cache = client.get_connection()?;
    if request.method() == &Method::Post {
        let mut line = String::new();
        request.as_reader().read_to_string(&mut line)?;
        let () = cache.rpush(&key, line)?;
        let () = cache.expire(&key, WEEK_SECONDS)?;
        return Ok(request.respond(Response::empty(204))?);
    }
    let lines: Vec<String> = cache.lrange(&key, 0, -1)?;
    let json = Header::from_bytes("Content-Type", "application/json").map_err(|()| "a header that is none")?;
    Ok(request.respond(Response::from_string(format!("[{}]", lines.join(","))).with_header(json))?)
}
