//! The executed instructions of a loop, with their text.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use anyhow::Result;

use super::disassembly;
use super::dump::Dump;

/// One instruction that each call, or one call of a few, executed.
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    /// The object file.
    pub object: String,
    /// The function, as callgrind names it.
    pub function: String,
    /// The address, as in the object file.
    pub address: u64,
    /// Executions per call.
    pub per_call: f64,
    /// As `objdump` prints it; empty where it knows nothing of the object.
    pub text: String,
}

/// The executed instructions of a loop, by function and address.
#[derive(Clone, Debug)]
pub(crate) struct Listing(pub Vec<Instruction>);

/// Instructions executed less often than in one call of this many happen once per loop, not per call.
const ONCE_IN: u64 = 100;

/// Addresses closer than this are disassembled together.
const NEAR: u64 = 4096;

pub(super) fn make(dump: &Dump, calls: u64) -> Result<Listing> {
    let mut instructions: Vec<Instruction> = dump
        .sites
        .iter()
        .filter(|&(_, &cost)| cost >= calls / ONCE_IN)
        .map(|(site, &cost)| Instruction {
            object: site.object.clone(),
            function: site.function.clone(),
            address: site.address,
            per_call: cost as f64 / calls as f64,
            text: String::new(),
        })
        .collect();
    instructions.sort_by(|a, b| {
        (&a.object, &a.function, a.address).cmp(&(&b.object, &b.function, b.address))
    });

    let mut texts: HashMap<String, HashMap<u64, String>> = HashMap::new();
    for (object, ranges) in ranges(&instructions) {
        let known = texts.entry(object.clone()).or_default();
        for (from, to) in ranges {
            known.extend(disassembly::of(&object, from, to)?);
        }
    }
    for it in &mut instructions {
        if let Some(text) = texts
            .get(&it.object)
            .and_then(|known| known.get(&it.address))
        {
            it.text.clone_from(text);
        }
    }
    Ok(Listing(instructions))
}

fn ranges(instructions: &[Instruction]) -> BTreeMap<String, Vec<(u64, u64)>> {
    let mut addresses: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    // What is not in a file (the vDSO) has no text.
    for it in instructions.iter().filter(|it| it.object.starts_with('/')) {
        addresses
            .entry(it.object.clone())
            .or_default()
            .push(it.address);
    }
    addresses
        .into_iter()
        .map(|(object, mut addresses)| {
            addresses.sort_unstable();
            let mut ranges: Vec<(u64, u64)> = Vec::new();
            for address in addresses {
                // An instruction of x86 is at most 15 bytes long.
                let end = address + 16;
                match ranges.last_mut() {
                    Some(last) if address < last.1 + NEAR => last.1 = end,
                    _ => ranges.push((address, end)),
                }
            }
            (object, ranges)
        })
        .collect()
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut function = None;
        for it in &self.0 {
            if function != Some(&it.function) {
                function = Some(&it.function);
                writeln!(f, "{} in {}", it.function, it.object)?;
            }
            writeln!(f, "{:7.2}  {:8x}  {}", it.per_call, it.address, it.text)?;
        }
        Ok(())
    }
}
