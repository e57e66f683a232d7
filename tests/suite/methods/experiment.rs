use crate::devices::{rosenbrock, starts_in};
use manymin::prelude::*;
#[test]
fn experiment() {
    let searches: [(&str, LineSearch); 1] =
        [("mt .1 approx", MoreThuente { curvature: 0.1, approximate_armijo: true, ..MoreThuente::default() }.into())];
    let mut methods: Vec<(String, Method)> = vec![("sd".into(), SteepestDescent.into())];
    for update in [CgUpdate::FletcherReeves, CgUpdate::PolakRibierePlus, CgUpdate::HestenesStiefel, CgUpdate::DaiYuan, CgUpdate::HagerZhang]
    {
        for o in [f64::INFINITY, 0.2] {
            methods.push((format!("{update:?} {o}"), ConjugateGradient { update, orthogonality: o, every: 0 }.into()));
        }
    }
    for (pname, problem, n) in [("stretched10", &super::stretched(10), 10), ("ros2", &rosenbrock(2), 2)] {
        for device in [Device::cpu(Precision::F64), Device::cpu(Precision::F32)] {
            for (name, m) in &methods {
                for (s, search) in &searches {
                    for next in [NextStep::SlopeRatio] {
                        let o = Minimizer::new(*m)
                            .line_search(*search)
                            .initial_step(InitialStep { next, ..InitialStep::default() })
                            .max_iterations(1000)
                            .minimize(&device, problem, &starts_in(n, -2.0, 2.0, 32, 5))
                            .unwrap();
                        println!(
                            "{pname} {:?} {name:22} {s:14} {next:?} it {:6.1} ev {:6.1} {:?}",
                            device.precision(),
                            o.iterations() as f64 / 32.0,
                            o.evaluations() as f64 / 32.0,
                            o.status_counts()
                        );
                    }
                }
            }
        }
    }
}
