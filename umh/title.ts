// Before anything else is loaded: ps, /proc/PID/comm and the shim's supervision go by this name.
process.title = 'bpfilter_umh';
