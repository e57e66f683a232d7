use manymin::prelude::*;
use crate::devices::{rosenbrock, starts_in, gpu, starts_at};
#[test]
fn counts() {
    let quad = Problem::new(20, |x| x.sum(0..20, |i| (1.0 + i.number()*i.number()*i.number()) * x.at(i) * x.at(i))).unwrap();
    let ros = rosenbrock(10);
    let ros2 = rosenbrock(2);
    let mut methods: Vec<(String, Method)> = vec![("lbfgs".into(), Lbfgs::default().into()), ("sd".into(), SteepestDescent.into())];
    for update in [CgUpdate::FletcherReeves, CgUpdate::PolakRibierePlus, CgUpdate::HestenesStiefel, CgUpdate::DaiYuan, CgUpdate::HagerZhang] {
        for o in [f64::INFINITY, 0.2] { for every in [0,20] {
            methods.push((format!("{update:?} {o} {every}"), ConjugateGradient{update, orthogonality: o, every}.into()));
        }}
    }
    for (pname, problem, n) in [("quad", &quad, 20), ("ros10", &ros, 10), ("ros2", &ros2, 2)] {
        for device in [Device::cpu(Precision::F64), Device::cpu(Precision::F32), gpu()] {
            for (name, m) in &methods {
                let o = Minimizer::new(*m).max_iterations(2000).minimize(&device, problem, &starts_in(n, -2.0, 2.0, 200, 5)).unwrap();
                println!("{pname} {device:30} {name:30} it {:8.1} ev {:8.1} {:?}", o.iterations() as f64/200.0, o.evaluations() as f64/200.0, o.status_counts());
            }
        }
    }
    let _ = starts_at(&[&[1.0]]);
}
