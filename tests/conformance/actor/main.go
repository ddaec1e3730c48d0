// Actor is a container that does what a scenario says and writes down when.
//
//	actor pause                      sleep until a signal comes
//	actor run [flags]                start, listen, work, stop; see the flags below
//	actor hook NAME SECONDS [HOW]    a hook that takes its time, and then may fail or crash
//	                                 the container (HOW is fail or crash)
//
// Each line of the file at -log is one event: UNIXNANO CONTAINER EVENT.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const logFile = "/log/events"

func main() {
	switch os.Args[1] {
	case "pause":
		wait := make(chan os.Signal, 1)
		signal.Notify(wait, syscall.SIGTERM, syscall.SIGINT)
		<-wait
	case "hook":
		hook(os.Args[2:])
	case "run":
		run(os.Args[2:])
	}
}

func note(event string) {
	// One write of one short line to a file opened with O_APPEND is not torn.
	file, err := os.OpenFile(logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return
	}
	defer file.Close()
	fmt.Fprintf(file, "%d %s %s\n", time.Now().UnixNano(), os.Getenv("ACTOR"), event)
}

func hook(args []string) {
	note(args[0] + "-begins")
	time.Sleep(seconds(args[1]))
	if len(args) > 2 && args[2] == "fail" {
		note(args[0] + "-fails")
		os.Exit(1)
	}
	if len(args) > 2 && args[2] == "crash" {
		_ = syscall.Kill(1, syscall.SIGUSR1)
		return
	}
	note(args[0] + "-ends")
}

func run(args []string) {
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	start := flags.String("start", "0", "seconds until it listens")
	port := flags.Int("port", 0, "where it listens, 0: nowhere")
	work := flags.String("work", "", "seconds until it ends by itself with 0")
	exit := flags.String("exit", "0", "seconds from the stop signal to the end")
	dial := flags.Int("dial", 0, "a port of this host to wait for, before the work")
	code := flags.Int("code", 0, "the exit code after the work")
	deaf := flags.String("deaf", "", "seconds of listening after which it closes its port")
	_ = flags.Parse(args)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGUSR1)
	note("starts")
	go live(*start, *port, *dial, *code, *work, *deaf)
	if received := <-signals; received == syscall.SIGUSR1 {
		note("ends") // by itself, as in a crash
		os.Exit(3)
	}
	note("signal")
	time.Sleep(seconds(*exit))
	note("ends")
}

func live(start string, port, dial, code int, work, deaf string) {
	time.Sleep(seconds(start))
	if port != 0 {
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			note("fails")
			os.Exit(4)
		}
		note("listens")
		go accept(listener)
		if deaf != "" {
			go func() { time.Sleep(seconds(deaf)); note("deaf"); listener.Close() }()
		}
	}
	for dial != 0 {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", dial)); err == nil {
			conn.Close()
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if work != "" {
		time.Sleep(seconds(work))
		note(map[bool]string{true: "done", false: "ends"}[code == 0])
		os.Exit(code)
	}
}

func accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		conn.Close()
	}
}

func seconds(text string) time.Duration {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return time.Duration(value * float64(time.Second))
}
