//! The same bits on any number of threads.
#![allow(clippy::unwrap_used)]

use pdmap_mixture::{CovarianceForm, Em, Prior, Standardized, kmeans};

use crate::common::{rng, three};

#[test]
fn fits_are_the_same_bits_on_any_number_of_threads() {
    let rows = three().sample(9000, &mut rng(1)).unwrap().0;
    for form in
        [CovarianceForm::Full, CovarianceForm::Tied, CovarianceForm::Diagonal, CovarianceForm::LowRank { rank: 2 }]
    {
        let fit = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let rows = Standardized::new(rows.view()).unwrap();
                let groups = kmeans(rows.rows(), 5, &mut rng(2)).unwrap();
                let mut em = Em::new(&rows, form, 5, &Prior::floor(4)).unwrap();
                em.start(&groups.labels).unwrap();
                let likelihoods: Vec<u64> = (0..6).map(|_| em.step().unwrap().log_likelihood.to_bits()).collect();
                let mixture = rows.restore(&em.mixture().unwrap()).unwrap();
                let density = mixture.log_density(rows.rows()).unwrap();
                (likelihoods, mixture, density)
            })
        };
        let one = fit(1);
        assert!(one == fit(2) && one == fit(4), "{form:?}");
    }
}
