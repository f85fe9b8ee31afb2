//! The rules of SPEC.md by number, as the text itself has them.

use std::collections::BTreeSet;

/// A section and its rules.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// The level it belongs to, where its heading says so.
    pub(crate) level: Option<String>,
    pub(crate) rules: Vec<String>,
}

/// Finds the rules. In section 4 the first "4.1" standing alone begins rule 4.1, the next "4.2"
/// after it rule 4.2, and so on: whatever else looks like a number of a rule is a reference.
pub(crate) fn sections(spec: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut number = 0;
    for line in spec.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            number = heading
                .split_whitespace()
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or(0);
            if number != 0 {
                sections.push(Section {
                    level: heading
                        .split_once('(')
                        .map(|(_, level)| level.trim_end_matches(')').to_owned()),
                    rules: Vec::new(),
                });
            }
        } else if let (1.., Some(section)) = (number, sections.last_mut()) {
            for word in line.split_whitespace() {
                if word == format!("{number}.{}", section.rules.len() + 1) {
                    section.rules.push(word.to_owned());
                }
            }
        }
    }
    sections
}

/// The clarifications: the list items that begin with a number and a letter, as "1.3a".
pub(crate) fn clarifications(spec: &str) -> BTreeSet<String> {
    spec.lines()
        .filter_map(|line| line.strip_prefix("- ")?.split_whitespace().next())
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .filter(|word| word.ends_with(|c: char| c.is_ascii_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// The rules that stand among the clarifications: the list items that begin with "12.5".
pub(crate) fn additions(spec: &str) -> BTreeSet<String> {
    spec.lines()
        .filter_map(|line| line.strip_prefix("- ")?.split_whitespace().next())
        .filter(|word| {
            word.split_once('.')
                .is_some_and(|(section, rule)| is_number(section) && is_number(rule))
        })
        .map(str::to_owned)
        .collect()
}

fn is_number(text: &str) -> bool {
    text.parse::<u32>().is_ok()
}

/// The rule that a clarification belongs to.
pub(crate) fn clarified(number: &str) -> &str {
    number.trim_end_matches(|c: char| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_not_rules() {
        let spec = "## 4 Some (basic)\n4.1 As 4.3 and 5.1 say. 4.2 Then.\n4.3 At last, see 4.4.\n\
                    ## Properties\nP1 as 4.4 does\n";
        assert_eq!(
            sections(spec),
            [Section {
                level: Some("basic".to_owned()),
                rules: ["4.1", "4.2", "4.3"].map(str::to_owned).to_vec(),
            }]
        );
    }

    #[test]
    fn clarifications_are_list_items() {
        let spec = "- 1.3a So.\n  2.4a is a reference\n- a thing\n- 10.1b Thus.\n";
        let found: Vec<_> = clarifications(spec).into_iter().collect();
        assert_eq!(found, ["1.3a", "10.1b"]);
        assert_eq!(clarified("10.1b"), "10.1");
        let found: Vec<_> = additions("- 12.5 So.\n- 12.5a As 12.6.\n- 3 of 4\n")
            .into_iter()
            .collect();
        assert_eq!(found, ["12.5"]);
    }
}
