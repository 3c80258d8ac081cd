//! The Python literals of an `.npy` header: strings, integers, booleans, tuples, lists, dictionaries.

use std::iter::{Enumerate, Peekable};
use std::str::Chars;

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    Text(String),
    /// Never negative: no part of a header is.
    Integer(u64),
    Bool(bool),
    None,
    Tuple(Vec<Literal>),
    List(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

/// Why a text is not a literal; `at` counts characters from the start of the dictionary.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LiteralError {
    #[error("character {at}: expected {expected}, found {found:?}")]
    Unexpected { at: usize, expected: &'static str, found: char },
    #[error("the text ends where {expected} is expected")]
    Ends { expected: &'static str },
    #[error("character {at}: integer beyond 64 bits")]
    IntegerTooLarge { at: usize },
    #[error("character {at}: unknown escape in a string")]
    Escape { at: usize },
}

/// The deepest nesting of brackets outside strings. Needs no stack, so it comes before [`parse`],
/// which recurses.
pub(crate) fn deepest(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Parses a text that is one literal, in linear time. The stack grows with [`deepest`].
pub(crate) fn parse(text: &str) -> Result<Literal, LiteralError> {
    let mut parser = Parser { rest: text.chars().enumerate().peekable() };
    let literal = parser.literal()?;
    parser.blanks();
    match parser.rest.peek() {
        None => Ok(literal),
        Some(&(at, found)) => Err(LiteralError::Unexpected { at, expected: "the end of the header", found }),
    }
}

struct Parser<'a> {
    rest: Peekable<Enumerate<Chars<'a>>>,
}

impl Parser<'_> {
    fn blanks(&mut self) {
        while self.rest.next_if(|(_, character)| character.is_ascii_whitespace() || *character == '\0').is_some() {}
    }

    /// The next character that is not blank, which stays.
    fn peek(&mut self, expected: &'static str) -> Result<(usize, char), LiteralError> {
        self.blanks();
        self.rest.peek().copied().ok_or(LiteralError::Ends { expected })
    }

    fn expect(&mut self, wanted: char, expected: &'static str) -> Result<(), LiteralError> {
        let (at, found) = self.peek(expected)?;
        if found != wanted {
            return Err(LiteralError::Unexpected { at, expected, found });
        }
        self.rest.next();
        Ok(())
    }

    fn literal(&mut self) -> Result<Literal, LiteralError> {
        let expected = "a string, a number, True, False, None or a bracket";
        let (at, first) = self.peek(expected)?;
        match first {
            '\'' | '"' => self.text().map(Literal::Text),
            '0'..='9' => self.integer(at),
            'A'..='Z' => self.word(at, first),
            '(' => self.tuple(),
            '[' => self.items(']').map(|(items, _)| Literal::List(items)),
            '{' => self.dict(),
            found => Err(LiteralError::Unexpected { at, expected, found }),
        }
    }

    fn text(&mut self) -> Result<String, LiteralError> {
        let ends = LiteralError::Ends { expected: "the end of a string" };
        let Some((_, quote)) = self.rest.next() else { return Err(ends) };
        let mut text = String::new();
        while let Some((at, character)) = self.rest.next() {
            match character {
                close if close == quote => return Ok(text),
                '\\' => text.push(self.escape(at)?),
                other => text.push(other),
            }
        }
        Err(ends)
    }

    fn escape(&mut self, at: usize) -> Result<char, LiteralError> {
        let digits = match self.rest.next().map(|(_, character)| character) {
            Some(plain @ ('\\' | '\'' | '"')) => return Ok(plain),
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(LiteralError::Escape { at }),
        };
        let mut code = 0_u32;
        for _ in 0..digits {
            let digit = self.rest.next().and_then(|(_, digit)| digit.to_digit(16));
            code =
                digit.and_then(|digit| code.checked_mul(16)?.checked_add(digit)).ok_or(LiteralError::Escape { at })?;
        }
        char::from_u32(code).ok_or(LiteralError::Escape { at })
    }

    fn integer(&mut self, at: usize) -> Result<Literal, LiteralError> {
        let mut value = 0_u64;
        while let Some(digit) = self.rest.peek().and_then(|(_, character)| character.to_digit(10)) {
            self.rest.next();
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u64::from(digit)))
                .ok_or(LiteralError::IntegerTooLarge { at })?;
        }
        // Python 2 marks long integers.
        let _ = self.rest.next_if(|(_, character)| *character == 'L');
        Ok(Literal::Integer(value))
    }

    fn word(&mut self, at: usize, found: char) -> Result<Literal, LiteralError> {
        let mut word = String::new();
        while let Some((_, character)) = self.rest.next_if(|(_, character)| character.is_ascii_alphanumeric()) {
            word.push(character);
        }
        match word.as_str() {
            "True" => Ok(Literal::Bool(true)),
            "False" => Ok(Literal::Bool(false)),
            "None" => Ok(Literal::None),
            _ => Err(LiteralError::Unexpected { at, expected: "True, False or None", found }),
        }
    }

    /// One literal in parentheses is that literal; with a comma behind it, a tuple.
    fn tuple(&mut self) -> Result<Literal, LiteralError> {
        let (mut items, comma) = self.items(')')?;
        match items.pop() {
            Some(only) if items.is_empty() && !comma => Ok(only),
            last => {
                items.extend(last);
                Ok(Literal::Tuple(items))
            }
        }
    }

    /// The literals up to a closing bracket, and whether a comma follows the last.
    fn items(&mut self, close: char) -> Result<(Vec<Literal>, bool), LiteralError> {
        self.rest.next();
        let (mut items, mut comma) = (Vec::new(), false);
        loop {
            let (at, found) = self.peek("a closing bracket")?;
            if found == close {
                self.rest.next();
                return Ok((items, comma));
            }
            if !items.is_empty() && !comma {
                return Err(LiteralError::Unexpected { at, expected: "a comma or a closing bracket", found });
            }
            items.push(self.literal()?);
            comma = self.comma();
        }
    }

    fn dict(&mut self) -> Result<Literal, LiteralError> {
        self.rest.next();
        let (mut entries, mut comma) = (Vec::new(), true);
        loop {
            let (at, found) = self.peek("a closing brace")?;
            if found == '}' {
                self.rest.next();
                return Ok(Literal::Dict(entries));
            }
            if !comma {
                return Err(LiteralError::Unexpected { at, expected: "a comma or a closing brace", found });
            }
            let key = self.literal()?;
            self.expect(':', "a colon")?;
            entries.push((key, self.literal()?));
            comma = self.comma();
        }
    }

    fn comma(&mut self) -> bool {
        self.blanks();
        self.rest.next_if(|(_, character)| *character == ',').is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }

    #[test]
    fn literals_of_headers_are_parsed() {
        let header = "{'descr': [('a', '<f8'), (\"b's\", '|u1')], 'fortran_order': False, 'shape': (3L,), } \n";
        let fields = vec![Literal::Tuple(vec![text("a"), text("<f8")]), Literal::Tuple(vec![text("b's"), text("|u1")])];
        let expected = Literal::Dict(vec![
            (text("descr"), Literal::List(fields)),
            (text("fortran_order"), Literal::Bool(false)),
            (text("shape"), Literal::Tuple(vec![Literal::Integer(3)])),
        ]);
        assert_eq!(parse(header), Ok(expected));
        assert_eq!(parse("()"), Ok(Literal::Tuple(vec![])));
        assert_eq!(parse("(7)"), Ok(Literal::Integer(7)));
        assert_eq!(parse(r"'\x41\u00e9\\\''"), Ok(text("Aé\\'")));
        assert_eq!(parse("None"), Ok(Literal::None));
    }

    #[test]
    fn anything_else_is_refused_with_its_position() {
        let error = |text| parse(text).unwrap_err().to_string();
        assert_eq!(error("{'a' 1}"), "character 5: expected a colon, found '1'");
        assert_eq!(error("(1 2)"), "character 3: expected a comma or a closing bracket, found '2'");
        assert_eq!(error("[1, 2"), "the text ends where a closing bracket is expected");
        assert_eq!(error("'a"), "the text ends where the end of a string is expected");
        assert_eq!(error("(18446744073709551616,)"), "character 1: integer beyond 64 bits");
        assert_eq!(
            error("(-1,)"),
            "character 1: expected a string, a number, True, False, None or a bracket, found '-'"
        );
        assert_eq!(error("{} 1"), "character 3: expected the end of the header, found '1'");
        assert!(error("[1,,2]").starts_with("character 3:"));
        assert!(error("Maybe").contains("True, False or None"));
        assert!(error(r"'\q'").contains("escape") && error(r"'\ud800'").contains("escape"));
    }

    #[test]
    fn brackets_are_counted_outside_strings_only() {
        assert_eq!(deepest("{'a': (1, [2]), 'b': (3,)}"), 3);
        assert_eq!(deepest(r"{'((\'((': 1}"), 1);
        assert_eq!(deepest(&"(".repeat(9000)), 9000);
    }
}
