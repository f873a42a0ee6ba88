//! Asks [`stave_answers::constraint`] about tickets from standard input: a line each way. `cargo xtask score bottleneck`
//! uses it, which itself knows nothing of Stave.
//!
//! A line is a JSON array of tickets, each an array of `[stage, entered, left]`; the answer is that of the function.

use std::error::Error;
use std::io::{BufRead, Write};

use stave_answers::{Stay, constraint};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let rows: Vec<Vec<(usize, i64, i64)>> = serde_json::from_str(&line?)?;
        let stages = rows.iter().flatten().map(|(stage, ..)| stage + 1).max().unwrap_or(0);
        let stay = |(stage, entered, left): &(usize, i64, i64)| Stay {
            stage: *stage,
            entered: *entered,
            left: *left,
        };
        let tickets: Vec<Vec<Stay>> = rows.iter().map(|row| row.iter().map(stay).collect()).collect();
        writeln!(out, "{}", serde_json::to_string(&constraint(stages, &tickets))?)?;
    }
    Ok(())
}
