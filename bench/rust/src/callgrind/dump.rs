//! One of callgrind's files, written with `--dump-instr=yes` and without compression.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Where instructions were executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Site {
    /// The object file.
    pub object: String,
    /// The function, as callgrind names it.
    pub function: String,
    /// The address, as in the object file.
    pub address: u64,
}

/// What was executed, and how often.
#[derive(Debug)]
pub(super) struct Dump {
    /// Instructions executed.
    pub total: u64,
    /// By address.
    pub sites: HashMap<Site, u64>,
}

impl Dump {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self> {
        parse(&fs::read_to_string(path)?)
    }
}

fn parse(text: &str) -> Result<Dump> {
    let (mut object, mut function) = (String::new(), String::new());
    let mut sites = HashMap::new();
    let mut inclusive = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("ob=") {
            name.clone_into(&mut object);
        } else if let Some(name) = line.strip_prefix("fn=") {
            name.clone_into(&mut function);
        } else if line.starts_with("calls=") {
            // The next line is the cost of the callee, which has lines of its own.
            inclusive = true;
        } else if line.starts_with("0x") {
            if !inclusive {
                let (address, cost) = cost_line(line).with_context(|| line.to_owned())?;
                let site = Site {
                    object: object.clone(),
                    function: function.clone(),
                    address,
                };
                *sites.entry(site).or_default() += cost;
            }
            inclusive = false;
        }
    }
    let total = sites.values().sum();
    Ok(Dump { total, sites })
}

/// `0xADDRESS LINE COST`; a cost of zero is left out.
fn cost_line(line: &str) -> Option<(u64, u64)> {
    let mut fields = line.split_ascii_whitespace();
    let address = u64::from_str_radix(fields.next()?.strip_prefix("0x")?, 16).ok()?;
    let _line = fields.next()?;
    let cost = fields.next().map_or(Some(0), |cost| cost.parse().ok())?;
    Some((address, cost))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_a_callee_costs_is_counted_where_it_is_spent() {
        let text = "ob=/bin/a\nfl=a.rs\nfn=outer\n0x10 1 5\ncfn=inner\ncalls=5 0x20 \n0x12 1 50\n\
                    0x14 2 5\n\nfn=inner\n0x20 7 50\n";
        let dump = parse(text).expect("as callgrind writes it");
        assert_eq!(dump.total, 60);
        assert_eq!(dump.sites.len(), 3);
    }
}
