//! What `auto` tried, in words.

use pdmap_train::Tried;

/// A line for each model.
pub(super) fn lines(tried: &[Tried]) -> Vec<String> {
    let mut models: Vec<&str> = tried.iter().map(|member| &*member.model).collect();
    models.sort_unstable();
    models.dedup();
    let width = models.iter().map(|model| model.len()).max().unwrap_or(0);
    let line = |model: &str| {
        let own: Vec<&Tried> = tried.iter().filter(|member| member.model == model).collect();
        let mean = own.iter().map(|member| member.held_out).sum::<f64>() / own.len() as f64;
        let (weight, steps): (f64, u64) =
            own.iter().fold((0.0, 0), |(weight, steps), member| (weight + member.weight, steps + member.steps));
        let kept = if weight > 0.0 { format!("weight {weight:.3}") } else { "left out".to_owned() };
        let count = own.len();
        format!("auto: {model:width$}  {count} trained, {steps} steps; held-out rows {mean:.4} nats; {kept}")
    };
    models.into_iter().map(line).collect()
}
