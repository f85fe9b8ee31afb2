//! Colours, where they are wanted.

use std::io::{IsTerminal, stdout};

use k1s0_circuit_breaker::CircuitBreakerState as State;

/// Whether output is coloured: only on a terminal, and never where `NO_COLOR` is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    /// What standard output can show.
    pub(crate) fn detect() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self {
            colour: stdout().is_terminal() && !refused && !dumb,
        }
    }

    /// Without any.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { colour: false };

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Text in the colour of a breaker's state.
    pub(crate) fn state(self, state: State, text: &str) -> String {
        match state {
            State::Closed => self.good(text),
            State::Open => self.bad(text),
            State::HalfOpen => self.paint("33", text),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_is_plain() {
        assert_eq!(Style::PLAIN.bold("x"), "x");
        assert_eq!(Style::PLAIN.state(State::Open, "x"), "x");
    }

    #[test]
    fn coloured_ends_its_colour() {
        let style = Style { colour: true };
        assert_eq!(style.bad("x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
