package client_test

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/node"
)

// planet starts two locations, as `selvedge dev` does.
func planet(ctx context.Context) (fra, syd string, end func()) {
	folder, err := os.MkdirTemp("", "selvedge-example-")
	check(err)
	places, err := node.ParsePlaces("fra,syd")
	check(err)
	var dev *node.Dev
	for range 20 { // until the two ports are free
		l, listenErr := net.Listen("tcp", "127.0.0.1:0")
		check(listenErr)
		port := l.Addr().(*net.TCPAddr).Port
		check(l.Close())
		dev, err = node.StartDev(ctx, node.DevConfig{Places: places, Port: port, APIKey: "demo.root.secret", Data: folder,
			Limits: node.DefaultConfig().Limits})
		if err == nil {
			break
		}
	}
	check(err)
	list := dev.Locations()
	return list[0].URL, list[1].URL, func() {
		check(dev.Close(context.Background()))
		check(os.RemoveAll(folder))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// A user writes at one location and goes on at another one.
func Example() {
	ctx := context.Background()
	fraURL, sydURL, end := planet(ctx)
	defer end()

	fra, err := client.New(client.Config{URL: fraURL, APIKey: "demo.root.secret"})
	check(err)
	defer fra.CloseIdle()
	_, err = fra.CreateCollection(ctx, client.CollectionSpec{Name: "articles"})
	check(err)
	_, err = fra.Insert(ctx, "articles", map[string]any{"_key": "lamp", "name": "Lamp"}, client.WriteOptions{})
	check(err)

	syd, err := fra.At(sydURL) // with the session, so it finds the lamp
	check(err)
	var lamp struct{ Name string }
	_, err = syd.Get(ctx, "articles", "lamp", &lamp)
	check(err)
	fmt.Println(lamp.Name)

	_, err = syd.Get(ctx, "articles", "desk", nil)
	fmt.Println(client.NumOf(err) == client.NumDocumentNotFound)

	// Output:
	// Lamp
	// true
}

// A feed tells each transaction once, from any place on.
func ExampleClient_Changes() {
	ctx := context.Background()
	url, _, end := planet(ctx)
	defer end()

	c, err := client.New(client.Config{URL: url, APIKey: "demo.root.secret"})
	check(err)
	defer c.CloseIdle()
	_, err = c.CreateCollection(ctx, client.CollectionSpec{Name: "articles"})
	check(err)
	_, err = c.Atomic(ctx, []client.Operation{
		{Op: "insert", Collection: "articles", Key: "lamp", Document: map[string]any{"name": "Lamp"}},
		{Op: "insert", Collection: "articles", Key: "desk", Document: map[string]any{"name": "Desk"}},
	}, client.WriteOptions{})
	check(err)

	feed := c.Changes(client.FeedConfig{Collection: "articles", Since: client.FromStart})
	defer func() { check(feed.Close()) }()
	message, err := feed.Next(ctx)
	check(err)
	for _, change := range message.Changes {
		fmt.Println(change.Type, change.Key)
	}

	// Output:
	// write lamp
	// write desk
}
