//! Locates mutants in a file.

use std::ops::Range;

use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::listed::{Listed, Place};

/// A piece of source that mutants change, as byte ranges.
#[derive(Debug, Clone)]
pub enum Site {
    /// `left op right`: the whole, the left operand, the right operand.
    Binary { whole: Range<usize>, left: Range<usize>, right: Range<usize> },
    /// `!x` or `-x`: the whole and `x`.
    Unary { whole: Range<usize>, inner: Range<usize> },
    /// After the opening brace of a function.
    Body { at: usize },
    /// The guard of a match arm.
    Guard { whole: Range<usize> },
    /// After the pattern of a match arm, and its guard.
    Arm { at: usize, guard: Option<Range<usize>> },
}

impl Site {
    /// The replaced bytes; empty if text is only inserted.
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Binary { whole, .. } | Self::Unary { whole, .. } | Self::Guard { whole } => whole.clone(),
            Self::Body { at } => *at..*at,
            Self::Arm { at, guard } => guard.clone().unwrap_or(*at..*at),
        }
    }
}

/// The byte offset of each line.
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn byte(&self, line: usize, column: usize) -> usize {
        let start = self.starts[line - 1];
        self.text[start..].char_indices().nth(column).map_or(self.text.len(), |(at, _)| start + at)
    }

    fn range(&self, of: &impl Spanned) -> Range<usize> {
        let (start, end) = (of.span().start(), of.span().end());
        self.byte(start.line, start.column)..self.byte(end.line, end.column)
    }
}

/// Finds the sites of all mutants of a file.
pub struct Finder<'a> {
    pub lines: Lines<'a>,
    pub wanted: Vec<(usize, &'a Listed)>,
    pub found: Vec<(usize, Site)>,
    /// Whether the visitor is inside a `const fn`, where no switch can be read.
    constant: bool,
}

impl<'a> Finder<'a> {
    pub fn new(text: &'a str, wanted: Vec<(usize, &'a Listed)>) -> Self {
        Self { lines: Lines::of(text), wanted, found: vec![], constant: false }
    }

    fn note(&mut self, genre: &str, start: LineColumn, site: impl Fn(&Lines<'_>) -> Option<Site>) {
        let place = Place { line: start.line, column: start.column + 1 };
        let here: Vec<usize> = self
            .wanted
            .iter()
            .filter(|(_, m)| m.genre == genre && m.span.start == place)
            .map(|(id, _)| *id)
            .collect();
        if self.constant || here.is_empty() {
            return;
        }
        if let Some(site) = site(&self.lines) {
            self.found.extend(here.into_iter().map(|id| (id, site.clone())));
        }
    }

    fn function(&mut self, sig: &syn::Signature, block: &syn::Block, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.constant, sig.constness.is_some());
        if let Some(first) = block.stmts.first() {
            self.note("FnValue", first.span().start(), |lines| {
                Some(Site::Body { at: lines.range(block).start + 1 })
            });
        }
        visit(self);
        self.constant = before;
    }
}

/// Whether a condition binds names, so it cannot be moved.
fn binds(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => binds(&binary.left) || binds(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block, |this| visit::visit_item_fn(this, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block, |this| visit::visit_impl_item_fn(this, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        match &item.default {
            Some(block) => self.function(&item.sig, block, |this| visit::visit_trait_item_fn(this, item)),
            None => visit::visit_trait_item_fn(self, item),
        }
    }

    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        if !binds(&expr.left) && !binds(&expr.right) {
            self.note("BinaryOperator", expr.op.span().start(), |lines| {
                Some(Site::Binary {
                    whole: lines.range(expr),
                    left: lines.range(&expr.left),
                    right: lines.range(&expr.right),
                })
            });
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        self.note("UnaryOperator", expr.op.span().start(), |lines| {
            Some(Site::Unary { whole: lines.range(expr), inner: lines.range(&expr.expr) })
        });
        visit::visit_expr_unary(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let guard = arm.guard.as_ref().map(|(_, guard)| guard);
        if let Some(guard) = guard.filter(|guard| !binds(guard)) {
            self.note("MatchArmGuard", guard.span().start(), |lines| {
                Some(Site::Guard { whole: lines.range(guard) })
            });
        }
        self.note("MatchArm", arm.span().start(), |lines| {
            let at = lines.range(&arm.pat).end;
            match guard {
                Some(guard) if binds(guard) => None,
                guard => Some(Site::Arm { at, guard: guard.map(|guard| lines.range(guard)) }),
            }
        });
        visit::visit_arm(self, arm);
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}

    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
}
