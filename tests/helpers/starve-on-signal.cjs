// Loaded into a process by NODE_OPTIONS: at SIGUSR2 its event loop stands still for good, as under endless work, and
// without using the processor.
process.on('SIGUSR2', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
