//! Functions of numbers. Operands are broadcast as in NumPy.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::nodes::{Attribute, Type, Value};

macro_rules! operators {
    ($($operator:ident, $method:ident, $op:literal;)+) => {$(
        impl<'g> $operator for Value<'g> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.graph().node($op, &[self, other], &[], self.ty())
            }
        }

        impl<'g> $operator<f64> for Value<'g> {
            type Output = Self;

            fn $method(self, other: f64) -> Self {
                self.$method(self.like(other))
            }
        }

        impl<'g> $operator<Value<'g>> for f64 {
            type Output = Value<'g>;

            fn $method(self, other: Value<'g>) -> Value<'g> {
                other.like(self).$method(other)
            }
        }
    )+};
}

operators! {
    Add, add, "Add";
    Sub, sub, "Sub";
    Mul, mul, "Mul";
    Div, div, "Div";
}

impl Neg for Value<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        self.graph().node("Neg", &[self], &[], self.ty())
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $method:ident, $op:literal;)+) => {
        impl<'g> Value<'g> {$(
            $(#[$doc])*
            pub(crate) fn $method(self) -> Self {
                self.graph().node($op, &[self], &[], self.ty())
            }
        )+}
    };
}

functions! {
    /// `eˣ`.
    exp, "Exp";
    /// The natural logarithm.
    ln, "Log";
    sqrt, "Sqrt";
    abs, "Abs";
    tanh, "Tanh";
    sin, "Sin";
    floor, "Floor";
    /// The nearest whole number, halves to the even one.
    round, "Round";
    /// The other truth value.
    not, "Not";
}

impl<'g> Value<'g> {
    /// A constant of the same type.
    pub(crate) fn like(self, number: f64) -> Self {
        self.graph().scalar(self.ty(), number)
    }

    /// The larger one.
    pub(crate) fn max(self, other: Self) -> Self {
        self.graph().node("Max", &[self, other], &[], self.ty())
    }

    /// The smaller one.
    pub(crate) fn min(self, other: Self) -> Self {
        self.graph().node("Min", &[self, other], &[], self.ty())
    }

    /// The nearest number of an interval.
    pub(crate) fn clamp(self, least: f64, most: f64) -> Self {
        self.max(self.like(least)).min(self.like(most))
    }

    /// `xᵖ`.
    pub(crate) fn pow(self, exponent: f64) -> Self {
        self.graph().node("Pow", &[self, self.like(exponent)], &[], self.ty())
    }

    /// `x²`.
    pub(crate) fn square(self) -> Self {
        self * self
    }

    /// `1/(1 + e⁻ˣ)`.
    pub(crate) fn sigmoid(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }

    /// `log(1 + eˣ)`.
    pub(crate) fn softplus(self) -> Self {
        self.max(self.like(0.0)) + (1.0 + (-self.abs()).exp()).ln()
    }

    /// `c₀ + c₁x + c₂x² + …`.
    pub(crate) fn polynomial(self, coefficients: &[f64]) -> Self {
        let mut from_last = coefficients.iter().rev();
        let mut sum = self.like(from_last.next().copied().unwrap_or(0.0));
        for &coefficient in from_last {
            sum = sum * self + coefficient;
        }
        sum
    }

    pub(crate) fn less(self, other: Self) -> Self {
        self.graph().node("Less", &[self, other], &[], Type::Bool)
    }

    pub(crate) fn at_least(self, other: Self) -> Self {
        self.graph().node("GreaterOrEqual", &[self, other], &[], Type::Bool)
    }

    /// Whether both are equal; a NaN is not.
    pub(crate) fn equals(self, other: Self) -> Self {
        self.graph().node("Equal", &[self, other], &[], Type::Bool)
    }

    pub(crate) fn is_nan(self) -> Self {
        self.equals(self).not()
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.graph().node("Or", &[self, other], &[], Type::Bool)
    }

    /// `yes` where this is true, `no` elsewhere.
    pub(crate) fn select(self, yes: Self, no: Self) -> Self {
        self.graph().node("Where", &[self, yes, no], &[], yes.ty())
    }

    /// The same numbers in another type.
    pub(crate) fn cast(self, ty: Type) -> Self {
        if ty == self.ty() {
            return self;
        }
        self.graph().node("Cast", &[self], &[Attribute::Int("to", ty.proto() as i64)], ty)
    }

    /// Products of the last two axes.
    pub(crate) fn matmul(self, other: Self) -> Self {
        self.graph().node("MatMul", &[self, other], &[], self.ty())
    }

    /// The sum along an axis, which stays with size 1 if `keep`.
    pub(crate) fn sum(self, axis: i64, keep: bool) -> Self {
        let axes = self.graph().ints(&[axis]);
        self.graph().node("ReduceSum", &[self, axes], &[Attribute::Int("keepdims", i64::from(keep))], self.ty())
    }

    /// The maximum along the last axis, which stays with size 1.
    fn top(self) -> Self {
        let attributes = [Attribute::Ints("axes", &[-1]), Attribute::Int("keepdims", 1)];
        self.graph().node("ReduceMax", &[self], &attributes, self.ty())
    }

    /// Whether any is true along the last axis, which disappears.
    pub(crate) fn any(self) -> Self {
        let count = self.cast(Type::Int).sum(-1, false);
        self.graph().scalar(Type::Int, 0.0).less(count)
    }

    /// `log Σ eˣ` along the last axis, which disappears. `−∞` if all are.
    pub(crate) fn log_sum_exp(self) -> Self {
        let top = self.top().max(self.like(f64::MIN));
        ((self - top).exp().sum(-1, true).ln() + top).squeeze(-1)
    }

    /// `eˣ/Σ eˣ` along the last axis.
    pub(crate) fn softmax(self) -> Self {
        let e = (self - self.top()).exp();
        e / e.sum(-1, true)
    }

    /// Sums of all numbers before each one, along the last axis.
    pub(crate) fn sums_before(self) -> Self {
        let axis = self.graph().scalar(Type::Int, -1.0);
        self.graph().node("CumSum", &[self, axis], &[Attribute::Int("exclusive", 1)], self.ty())
    }
}
