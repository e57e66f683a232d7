//! The device layer on a device: hardware where there is some, else a software driver.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use wgpu::BufferUsages;

use super::adapter::Adapters;
use super::context::Gpu;
use super::loop_limit::Kernel;
use super::readback::Readback;
use crate::device::{DeviceKind, STORAGE_BUFFERS};
use crate::error::DeviceError;

const STORAGE: BufferUsages = BufferUsages::STORAGE.union(BufferUsages::COPY_SRC).union(BufferUsages::COPY_DST);
const PATIENCE: Duration = Duration::from_secs(60);

/// A device of one's own. Without any adapter the tests fail, rather than pass without a test.
fn open() -> Arc<Gpu> {
    let adapters = Adapters::find();
    let software = adapters.infos().iter().position(|info| info.kind == DeviceKind::Software);
    let index = software.or_else(|| (!adapters.infos().is_empty()).then_some(0));
    let index = index.unwrap_or_else(|| panic!("{}", DeviceError::NoGpu { found: Vec::new() }));
    adapters.open(index).unwrap()
}

/// The device that tests share which do it no harm.
fn gpu() -> &'static Arc<Gpu> {
    static GPU: OnceLock<Arc<Gpu>> = OnceLock::new();
    GPU.get_or_init(open)
}

/// Runs for long: a million invocations of a loop, all after another on each core.
const LONG: &str = "
@group(0) @binding(0) var<storage, read_write> words: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var number = id.x + words[0];
    for (var i = 0u; i < 60000u; i += 1u) {
        number = number * 1664525u + 1013904223u;
        number = number * 22695477u + 1u;
    }
    if number == 1u {
        words[0] = number;
    }
}
";

#[test]
fn a_software_driver_tells_its_loop_limit_and_hardware_has_none() {
    let gpu = gpu();
    match gpu.loop_limit {
        Some(limit) => assert!(gpu.info().kind == DeviceKind::Software && (1_000..=65_535).contains(&limit), "{limit}"),
        None => assert!(!gpu.info().name.contains("llvmpipe"), "llvmpipe is known to have one"),
    }
}

#[test]
fn the_limits_are_those_of_the_adapter() {
    let (gpu, info) = (gpu(), gpu().info().limits.unwrap());
    assert_eq!((gpu.limits.max_buffer_size, gpu.limits.max_storage_buffer_binding_size), (info.buffer, info.binding));
    assert!(info.storage_buffers >= STORAGE_BUFFERS && info.workgroups >= 65_535, "{info:?}");
    assert!(gpu.timestamp_period.is_none_or(|period| period > 0.0));
}

#[test]
fn words_arrive_as_they_were_written_and_buffers_are_used_again() {
    let gpu = gpu();
    let words: Vec<u32> = (0..1_000).map(|k| k * k).collect();
    let source = gpu.buffer("words", 4_000, STORAGE).unwrap();
    gpu.queue.write_buffer(&source, 0, bytemuck::cast_slice(&words));
    let mut readback = Readback::new(gpu, "words read", 1_000).unwrap();
    for range in [0..1_000, 0..0, 1..2, 998..1_000, 7..900] {
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        readback.start(gpu, &mut encoder, &source, range.clone()).unwrap();
        let submission = gpu.submit(encoder).unwrap();
        assert_eq!(readback.finish(gpu, &submission, PATIENCE).unwrap(), words[range.clone()], "{range:?}");
    }
}

#[test]
fn a_readback_that_was_given_up_can_begin_anew_and_one_too_large_is_refused() {
    let gpu = gpu();
    let source = gpu.buffer("words", 40, STORAGE).unwrap();
    let mut readback = Readback::new(gpu, "words read", 4).unwrap();
    let mut dropped = gpu.device.create_command_encoder(&Default::default());
    readback.start(gpu, &mut dropped, &source, 0..4).unwrap();
    drop(dropped);
    for _ in 0..2 {
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        readback.start(gpu, &mut encoder, &source, 0..2).unwrap();
        gpu.submit(encoder).unwrap();
    }
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    for range in [0..5, 8..11] {
        assert!(matches!(readback.start(gpu, &mut encoder, &source, range), Err(DeviceError::Internal { .. })));
    }
    readback.start(gpu, &mut encoder, &source, 6..10).unwrap();
    let submission = gpu.submit(encoder).unwrap();
    assert_eq!(readback.finish(gpu, &submission, PATIENCE), Ok(vec![0; 4]), "memory is zero at first");
    assert_eq!(gpu.check(), Ok(()));
}

#[test]
fn buffers_that_cannot_be_had_are_refused_with_the_limit() {
    let gpu = gpu();
    let (buffer, binding) = (gpu.limits.max_buffer_size, gpu.limits.max_storage_buffer_binding_size);
    let cases = [(buffer + 1, BufferUsages::COPY_DST, buffer), (buffer + 1, STORAGE, binding), (u64::MAX, STORAGE, binding)];
    for (bytes, usage, limit) in cases {
        let error = gpu.buffer("the lanes' points", bytes, usage).unwrap_err();
        assert_eq!(error, DeviceError::TooLarge { what: "the lanes' points".into(), bytes, limit: limit.min(buffer) });
        assert!(error.to_string().contains("pool"), "{error}");
    }
    for bytes in [0, 1, 3] {
        assert_eq!(gpu.buffer("a word", bytes, STORAGE).unwrap().size(), 4);
    }
    assert_eq!(gpu.check(), Ok(()));
}

#[test]
fn usages_that_do_not_go_together_are_errors_and_no_panic() {
    let error = gpu().buffer("both", 4, BufferUsages::MAP_READ | BufferUsages::MAP_WRITE | BufferUsages::STORAGE).unwrap_err();
    assert!(matches!(&error, DeviceError::Internal { message } if message.contains("both")), "{error}");
    assert_eq!(gpu().check(), Ok(()), "the scope caught it");
}

#[test]
fn a_refused_shader_tells_its_line() {
    let cases = [
        ("fn f() {\n}\n\nfn g() -> u32 {\n    return 1 +;\n}\n", 5, "a mistake of syntax"),
        ("fn f() {\n    let a = 1u;\n    let b = a + nothing;\n}\n", 3, "a name that is not there"),
        ("fn f() -> f32 {\n    let a = 1.0;\n    return sin(1u);\n}\n", 3, "a wrong type"),
        ("@group(0) @binding(0) var<uniform> a: array<f32, 4>;\n", 1, "a layout that validation refuses"),
    ];
    for (text, expected, what) in cases {
        match gpu().module("objective", text).unwrap_err() {
            DeviceError::Shader { label, line, text: kept, message } => {
                assert_eq!((label.as_str(), line, kept.as_str()), ("objective", expected, text), "{what}: {message}");
                assert!(!message.is_empty(), "{what}");
            }
            other => panic!("{what}: {other}"),
        }
    }
    assert_eq!(gpu().check(), Ok(()));
}

#[test]
fn deep_nesting_fits_on_the_stack() {
    let sum = |depth: usize| format!("fn f(a: f32) -> f32 {{\n    return {}a{};\n}}\n", "(1.0 + ".repeat(depth), ")".repeat(depth));
    assert!(gpu().module("nested", &sum(60)).is_ok());
    let refused = gpu().module("nested", &sum(5_000)).map(|_| ());
    assert!(matches!(refused, Err(DeviceError::Shader { .. })), "{refused:?}");
}

#[test]
fn an_entry_point_that_is_not_there_is_an_error() {
    let gpu = gpu();
    let words = gpu.buffer("words", 4, STORAGE).unwrap();
    let text = LONG.replace("fn main", "fn other");
    let refused = Kernel::new(gpu, &text, &words).map(|_| ());
    assert!(matches!(&refused, Err(DeviceError::Internal { message }) if message.contains("kernel")), "{refused:?}");
    assert_eq!(gpu.check(), Ok(()));
}

#[test]
fn waiting_ends_in_time_and_can_be_taken_up_again() {
    let gpu = open();
    let words = gpu.buffer("words", 4, STORAGE).unwrap();
    let kernel = Kernel::new(&gpu, LONG, &words).unwrap();
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    // A large GPU is done with one of them within a millisecond.
    let dispatches = if gpu.info().kind == DeviceKind::Software { 1 } else { 500 };
    (0..dispatches).for_each(|_| kernel.dispatch(&mut encoder, 256));
    let mut readback = Readback::new(&gpu, "words read", 1).unwrap();
    readback.start(&gpu, &mut encoder, &words, 0..1).unwrap();
    let submission = gpu.submit(encoder).unwrap();
    let limit = Duration::from_millis(1);
    assert_eq!(readback.finish(&gpu, &submission, limit), Err(DeviceError::TimedOut { limit }));
    assert_eq!(gpu.wait(&submission, limit), Err(DeviceError::TimedOut { limit }));
    assert_eq!(readback.finish(&gpu, &submission, PATIENCE), Ok(vec![0]), "the work goes on meanwhile");
}

#[test]
fn an_error_that_nobody_caught_is_kept_and_told() {
    let gpu = open();
    let _ = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("no use"),
        size: 4,
        usage: BufferUsages::empty(),
        mapped_at_creation: false,
    });
    for _ in 0..2 {
        let told = gpu.check();
        assert!(matches!(&told, Err(DeviceError::Internal { message }) if message.contains("no use")), "{told:?}");
    }
}

#[test]
fn every_call_to_a_lost_device_is_an_error_at_once() {
    let gpu = open();
    let words = gpu.buffer("words", 4, STORAGE).unwrap();
    let kernel = Kernel::new(&gpu, LONG, &words).unwrap();
    let mut readback = Readback::new(&gpu, "words read", 1).unwrap();
    let before = gpu.submit(gpu.device.create_command_encoder(&Default::default())).unwrap();
    gpu.destroy();
    let began = Instant::now();
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    kernel.dispatch(&mut encoder, 1);
    readback.start(&gpu, &mut encoder, &words, 0..1).unwrap();
    let after = gpu.queue.submit([encoder.finish()]);
    let results = [
        gpu.wait(&after, PATIENCE),
        gpu.wait(&before, PATIENCE),
        gpu.check(),
        readback.finish(&gpu, &after, PATIENCE).map(|_| ()),
        gpu.buffer("words", 4, STORAGE).map(|_| ()),
        gpu.module("kernel", LONG).map(|_| ()),
        Kernel::new(&gpu, LONG, &words).map(|_| ()),
        gpu.submit(gpu.device.create_command_encoder(&Default::default())).map(|_| ()),
    ];
    for result in &results {
        assert!(matches!(result, Err(DeviceError::Lost { reason }) if !reason.is_empty()), "{results:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn a_device_lost_while_it_computes_neither_hangs_nor_panics() {
    let gpu = open();
    let words = gpu.buffer("words", 4, STORAGE).unwrap();
    let kernel = Kernel::new(&gpu, LONG, &words).unwrap();
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    kernel.dispatch(&mut encoder, 256);
    let submission = gpu.submit(encoder).unwrap();
    gpu.destroy();
    let told = gpu.wait(&submission, PATIENCE);
    assert!(matches!(told, Err(DeviceError::Lost { .. })), "{told:?}");
}
