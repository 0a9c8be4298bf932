package main

import (
	"bench/gen/load"

	"google.golang.org/protobuf/proto"
)

const echo = "/bench.load.v1.Load/EchoOrder"

// itemRest is an item without its id, which comes first and is the request itself: field 1 of both messages.
var itemRest = mustMarshal(&load.Item{
	Title:    "Cast iron pan, 28 cm",
	Price:    &load.Money{Currency: "EUR", Units: 49, Nanos: 990000000},
	Quantity: 17,
	State:    load.State_STATE_ACTIVE,
	Visible:  true,
})

func mustMarshal(message proto.Message) []byte {
	bytes, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	return bytes
}

// answer appends the reply's bytes. Methods of the generated services answer as GetItem does.
func answer(to []byte, path string, request []byte) []byte {
	to = append(to, request...)
	if path == echo {
		return to
	}
	return append(to, itemRest...)
}
