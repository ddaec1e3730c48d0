module example.org/actor

go 1.21
