//! Means over replications with the interval in which the true mean lies 19 times of 20 (Student's t); quantiles.
//! It must not know what is measured.

use serde::Serialize;

/// A mean over replications and the half width of its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    pub mean: f64,
    /// `None` for fewer than two values.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// Values that are not numbers (a mean over nobody) are left out.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let mean = mean(values.iter().copied());
        let degrees = values.len().saturating_sub(1) as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = (squares / degrees / values.len() as f64).sqrt();
        Self {
            mean,
            half_width: (values.len() > 1).then(|| student(degrees) * error),
        }
    }
}

/// Not a number for no values.
pub fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// The value below which this share of the values lies (nearest rank); not a number for no values.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// The 97.5th percentile of Student's t. Exact for one and two degrees of freedom, else the expansion in 1/ν (Abramowitz
/// and Stegun 26.7.5), good to 0.03 from three on.
fn student(degrees: f64) -> f64 {
    const Z: f64 = 1.959_963_985;
    if degrees < 1.5 {
        return 12.706;
    } else if degrees < 2.5 {
        return 4.303;
    }
    let (z, n) = (Z, degrees);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / n + second / n.powi(2) + third / n.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // Four values: mean 2.5, standard error 0.6455, t(3) = 3.182.
        let found = Estimate::of([1.0, 2.0, 3.0, 4.0, f64::NAN].into_iter());
        assert!((found.mean - 2.5).abs() < 1e-12);
        assert!((found.half_width.unwrap() - 3.182 * 0.645_497).abs() < 0.02);
        assert!((student(19.0) - 2.093).abs() < 0.001);
        assert_eq!(Estimate::of([7.0].into_iter()).half_width, None);
    }

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let mut values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(
            [0.5, 0.9, 1.0].map(|share| quantile(&mut values, share)),
            [3.0, 5.0, 5.0]
        );
        assert!(quantile(&mut [], 0.5).is_nan());
    }
}
