//! Who moves when: turns of so many steps each.

use std::fmt;
use std::str::FromStr;

/// Who moves when.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Order(Vec<Turn>);

/// Steps that one actor makes in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turn {
    /// Who: 0 or 1.
    pub actor: usize,
    /// How many; never 0.
    pub steps: u64,
}

impl Order {
    /// Adds steps at the end.
    pub fn push(&mut self, actor: usize, steps: u64) {
        if steps == 0 {
            return;
        }
        match self.0.last_mut().filter(|last| last.actor == actor) {
            Some(last) => last.steps = last.steps.saturating_add(steps),
            None => self.0.push(Turn { actor, steps }),
        }
    }

    /// The turns; neighbours are of different actors.
    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.0
    }

    /// Whether nobody moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All steps.
    #[must_use]
    pub fn steps(&self) -> u64 {
        let steps = self.0.iter().map(|turn| turn.steps);
        steps.fold(0, u64::saturating_add)
    }

    /// The same without its last steps.
    #[must_use]
    pub fn without_last(&self, steps: u64) -> Order {
        let mut left = self.steps().saturating_sub(steps);
        let mut order = Order::default();
        for turn in &self.0 {
            let kept = turn.steps.min(left);
            order.push(turn.actor, kept);
            left -= kept;
        }
        order
    }
}

impl FromIterator<(usize, u64)> for Order {
    /// Joins turns of the same actor; those of no step are nothing.
    fn from_iter<I: IntoIterator<Item = (usize, u64)>>(turns: I) -> Order {
        let mut order = Order::default();
        for (actor, steps) in turns {
            order.push(actor, steps);
        }
        order
    }
}

impl fmt::Display for Order {
    /// `1x12,2x30`: twelve steps of the first, thirty of the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Turn { actor, steps }) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}x{steps}", actor + 1)?;
        }
        Ok(())
    }
}

/// What is no order of turns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected turns such as 1x12,2x30")]
pub struct NoOrder;

impl FromStr for Order {
    type Err = NoOrder;

    fn from_str(text: &str) -> Result<Order, NoOrder> {
        let turn = |text: &str| {
            let (actor, steps) = text.split_once('x')?;
            let actor = match actor {
                "1" => 0,
                "2" => 1,
                _ => return None,
            };
            let digits = steps.bytes().all(|byte| byte.is_ascii_digit());
            let steps: u64 = steps.parse().ok().filter(|&steps| digits && steps > 0)?;
            Some((actor, steps))
        };
        text.split(',')
            .map(turn)
            .collect::<Option<Order>>()
            .ok_or(NoOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_print_and_parse_and_join_turns() {
        for (text, printed) in [
            ("1x12,2x30", Some("1x12,2x30")),
            ("1x1,1x2,2x3", Some("1x3,2x3")),
            ("2x5", Some("2x5")),
            ("", None),
            ("3x1", None),
            ("1x", None),
            ("1x0", None),
            ("1x+4", None),
            ("1x2,", None),
            ("1 x2", None),
        ] {
            let order = text.parse::<Order>();
            assert_eq!(
                order.ok().map(|order| order.to_string()).as_deref(),
                printed
            );
        }
    }

    #[test]
    fn steps_are_taken_off_the_end() {
        let order: Order = "1x3,2x2,1x4".parse().expect("an order");
        for (steps, left) in [
            (0, "1x3,2x2,1x4"),
            (1, "1x3,2x2,1x3"),
            (4, "1x3,2x2"),
            (5, "1x3,2x1"),
            (9, ""),
            (99, ""),
        ] {
            assert_eq!(order.without_last(steps).to_string(), left);
        }
    }
}
