//! Monitors that features of the crate bring: the plot, and events for `tracing`.

#[cfg(feature = "plot")]
mod plot {
    use std::time::Duration;

    use manymin::Error;
    use manymin::monitor::{Against, Every, Plot};
    use manymin::prelude::*;

    use crate::devices::{Bits, assert_same, devices, minimizer, rosenbrock, starts_in};

    #[test]
    fn an_svg_has_its_lines_and_as_many_points_as_steps() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("convergence.svg");
        let starts = starts_in(3, -2.0, 2.0, 150, 6);
        for device in devices() {
            let expected = minimizer().minimize(&device, &rosenbrock(3), &starts).unwrap();
            for against in [Against::Steps, Against::Evaluations, Against::Seconds] {
                let mut plot = Plot::new(&path).against(against).redrawn_every(Duration::ZERO);
                let outcome = minimizer().watched_by(&mut plot).minimize(&device, &rosenbrock(3), &starts).unwrap();
                assert_same(&Bits::all(&expected), &Bits::all(&outcome), &format!("{device}"));
                let svg = std::fs::read_to_string(&path).unwrap();
                assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{device}: {against:?}");
                for text in ["best", "median", "quartiles", "150 lanes", &format!("{against:?}").to_lowercase()] {
                    assert!(svg.contains(text), "{device}, {against:?}: no `{text}`");
                }
                let steps = plot.history().rows().len();
                let longest = |line: &str| line.split_once("points=\"").map_or(0, |(_, points)| points.matches(',').count());
                let lines = svg.lines().filter(|line| line.starts_with("<polyline") && longest(line) == steps).count();
                assert_eq!(lines, 4, "{device}, {against:?}: best, median and two quartiles of {steps} steps");
            }
        }
    }

    #[test]
    fn a_png_is_one_of_its_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("convergence.png");
        let starts = starts_in(3, -2.0, 2.0, 150, 6);
        let plot = Plot::new(&path).every(Every::Sync);
        minimizer().monitor(plot).minimize(&Device::cpu(Precision::F32), &rosenbrock(3), &starts).unwrap();
        let png = std::fs::read(&path).unwrap();
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n", "the signature");
        assert_eq!(png[12..16], *b"IHDR");
        let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (960, 600));
        assert_eq!(png[png.len() - 8..png.len() - 4], *b"IEND", "it is whole");
    }

    #[test]
    fn a_plot_that_cannot_be_written_says_so_and_loses_nothing() {
        let starts = starts_in(3, -2.0, 2.0, 50, 6);
        let device = Device::cpu(Precision::F64);
        let refused = minimizer().monitor(Plot::new("convergence.jpeg")).minimize(&device, &rosenbrock(3), &starts);
        assert!(matches!(&refused, Err(Error::Setting { value, .. }) if value == "convergence.jpeg"), "{refused:?}");
        let nowhere = Plot::new("/no/such/directory/convergence.svg");
        let Err(Error::Monitor(error)) = minimizer().monitor(nowhere).minimize(&device, &rosenbrock(3), &starts) else {
            panic!("there is no such directory")
        };
        assert!(error.message.starts_with("/no/such/directory/convergence.svg: "), "{error}");
        let outcome = error.outcome().expect("all was found by then");
        assert!(outcome.statuses().iter().all(|status| status.is_success()), "{:?}", outcome.status_counts());
    }
}

#[cfg(feature = "tracing")]
mod events {
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use manymin::monitor::Events;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use crate::devices::{devices, minimizer, rosenbrock, starts_at};

    /// Keeps every event with its level and fields.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<(Level, String)>>>);

    struct Text(String);

    impl Visit for Text {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.push_str(&format!("{}={value:?} ", field.name()));
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            let mut text = Text(format!("span {} ", span.metadata().name()));
            span.record(&mut text);
            self.0.lock().unwrap().push((*span.metadata().level(), text.0));
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut text = Text(String::new());
            event.record(&mut text);
            self.0.lock().unwrap().push((*event.metadata().level(), text.0));
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_run_tells_of_its_beginning_its_steps_its_failures_and_its_end() {
        // The second lane starts where there is no number.
        let starts = starts_at(&[&[-1.2, 1.0], &[f64::NAN, 0.0], &[0.5, 0.5]]);
        for device in devices() {
            let log = Log::default();
            let mut steps = 0;
            tracing::subscriber::with_default(log.clone(), || {
                let count = |_: &mut manymin::Step| steps += 1;
                minimizer().monitor(Events::new()).monitor(count).minimize(&device, &rosenbrock(2), &starts).unwrap();
            });
            let ours = |text: &&(Level, String)| text.1.contains("lane") || text.1.contains("step") || text.1.contains("span");
            let log: Vec<(Level, String)> = log.0.lock().unwrap().iter().filter(ours).cloned().collect();
            let at = |level| log.iter().filter(|(of, _)| *of == level).map(|(_, text)| text.as_str()).collect::<Vec<_>>();
            let (infos, warns, debugs) = (at(Level::INFO), at(Level::WARN), at(Level::DEBUG));
            assert_eq!(infos.len(), 3, "{device}: {infos:?}");
            assert!(infos[0].starts_with("span manymin lanes=3") && infos[1].contains("the run begins"), "{device}: {infos:?}");
            assert!(infos[2].contains("active=0") && infos[2].contains("the run is over"), "{device}: {infos:?}");
            assert_eq!(warns.len(), 1, "{device}: {warns:?}");
            assert!(warns[0].contains("lane=1 ") && warns[0].contains("status=\"non_finite_start\""), "{device}: {warns:?}");
            assert_eq!(debugs.len(), steps, "{device}");
        }
    }
}
