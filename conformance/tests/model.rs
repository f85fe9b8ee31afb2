//! The model and the scenarios, written apart, agree.

use k1s0_conformance::model::ModelFace;
use k1s0_conformance::replay::replay;
use k1s0_conformance::suite;

#[test]
fn the_model_plays_every_scenario() -> std::io::Result<()> {
    let folder = suite::folder();
    let manifest = suite::manifest(&folder)?;
    let scenarios = suite::scenarios(&folder, &manifest)?;
    let failures: Vec<_> = scenarios
        .iter()
        .filter_map(|scenario| replay(scenario, &ModelFace).err())
        .map(|failure| failure.to_string())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
