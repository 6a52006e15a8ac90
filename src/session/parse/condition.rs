//! Conditions: a figure, how it is compared, and what with.

use super::Words;
use crate::session::command::{Command, Condition, Relation, Value};
use crate::session::error::{ParseError, either};
use crate::session::grammar::metric_names;
use crate::session::lexer::Piece;
use crate::session::metric::{Metric, Unit};
use crate::session::number;

impl Words<'_> {
    /// Reads a figure, how it is compared, and what with.
    pub(crate) fn condition(&mut self) -> Result<Condition, ParseError> {
        let metric = self.arg(metric)?;
        let relation = self.arg(relation)?;
        let value = self.arg(|piece| value_of(metric, piece))?;
        Ok(Condition {
            metric,
            relation,
            value,
        })
    }

    pub(in crate::session) fn expectation(&mut self) -> Result<Command, ParseError> {
        let Condition {
            metric,
            relation,
            value,
        } = self.condition()?;
        Ok(Command::Expect {
            metric,
            relation,
            value,
        })
    }
}

fn metric(piece: Piece<'_>) -> Result<Metric, ParseError> {
    let unknown =
        |()| ParseError::at(piece, "a metric such as largest_free").suggest(metric_names());
    piece.text.parse().map_err(unknown)
}

fn relation(piece: Piece<'_>) -> Result<Relation, ParseError> {
    let found = Relation::ALL
        .into_iter()
        .find(|relation| relation.sign() == piece.text);
    found.ok_or_else(|| {
        let error = ParseError::at(piece, either(&Relation::ALL.map(Relation::sign)));
        if piece.text == "=" {
            error.hint("equality is written ==")
        } else {
            error
        }
    })
}

/// A value that a metric can have: only ratios are fractions.
fn value_of(metric: Metric, piece: Piece<'_>) -> Result<Value, ParseError> {
    let value = number::value(piece)?;
    if matches!(value, Value::Fraction(_)) && metric.unit() != Unit::Ratio {
        let error = ParseError::at(piece, "a whole number");
        return Err(error.hint("only ratios such as external_fragmentation are fractions"));
    }
    Ok(value)
}
