package mesh

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

const (
	service      = "selvedge.mesh"
	streamMethod = "/" + service + "/Stream"
	callMethod   = "/" + service + "/Call"

	// Windows of one stream: 4 MiB carry 16 MiB/s over a round trip of 250 ms.
	streamWindow     = 4 << 20
	connectionWindow = 6 << 20
	maxMessage       = MaxCall + 1<<10
	connectTimeout   = 5 * time.Second
)

// outgoing and incoming are the messages that rawCodec moves as they are.
type outgoing struct {
	head, body []byte
}

// incoming holds received bytes until release.
type incoming struct {
	buffer mem.Buffer
}

func (m *incoming) bytes() []byte { return m.buffer.ReadOnlyData() }

func (m *incoming) release() {
	if m.buffer != nil {
		m.buffer.Free()
		m.buffer = nil
	}
}

// rawCodec passes bytes through gRPC unencoded and, on the way out, uncopied.
type rawCodec struct{}

func (rawCodec) Name() string { return "selvedge-raw" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*outgoing)
	if !ok {
		return nil, fmt.Errorf("mesh: cannot send a %T", v)
	}
	s := mem.BufferSlice{mem.SliceBuffer(m.head)}
	if len(m.body) > 0 {
		s = append(s, mem.SliceBuffer(m.body))
	}
	return s, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*incoming)
	if !ok {
		return fmt.Errorf("mesh: cannot receive into a %T", v)
	}
	m.buffer = data.MaterializeToBuffer(mem.DefaultBufferPool())
	return nil
}

// endpoint is what gRPC calls for the service; Transport is the only one.
type endpoint interface {
	accept(grpc.ServerStream) error
	answer(context.Context, *incoming) (*outgoing, error)
}

func newServer(e endpoint, id *Identity) *grpc.Server {
	s := grpc.NewServer(
		grpc.Creds(credentials.NewTLS(id.server())),
		grpc.ForceServerCodecV2(rawCodec{}),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxSendMsgSize(maxMessage),
		grpc.InitialWindowSize(streamWindow),
		grpc.InitialConnWindowSize(connectionWindow),
		grpc.ConnectionTimeout(connectTimeout),
		grpc.SharedWriteBuffer(true),
		grpc.MaxConcurrentStreams(64),
		grpc.WaitForHandlers(true),
	)
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*endpoint)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Call", Handler: serveCall}},
		Streams: []grpc.StreamDesc{{
			StreamName:    "Stream",
			Handler:       func(_ any, s grpc.ServerStream) error { return e.accept(s) },
			ServerStreams: true,
			ClientStreams: true,
		}},
	}, e)
	return s
}

func serveCall(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var request incoming
	if err := decode(&request); err != nil {
		return nil, err
	}
	defer request.release()
	e, ok := srv.(endpoint)
	if !ok {
		return nil, status.Error(codes.Internal, "mesh: wrong service")
	}
	reply, err := e.answer(ctx, &request)
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// connect prepares a connection of its own to an address; nothing is sent before it is used.
func (t *Transport) connect(address string) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(credentials.NewTLS(t.cfg.Identity.client())),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return t.cfg.Env.Net.Dial(ctx, "tcp", addr)
		}),
		grpc.WithDefaultCallOptions(
			grpc.ForceCodecV2(rawCodec{}),
			grpc.MaxCallRecvMsgSize(maxMessage),
			grpc.MaxCallSendMsgSize(maxMessage),
		),
		grpc.WithInitialWindowSize(streamWindow),
		grpc.WithInitialConnWindowSize(connectionWindow),
		grpc.WithSharedWriteBuffer(true),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithNoProxy(),
		grpc.WithIdleTimeout(0),
	)
	if err != nil {
		return nil, fmt.Errorf("mesh: address %q: %w", address, err)
	}
	return conn, nil
}

// remote tells where the other end is and what it proved to be.
func remote(ctx context.Context) (address string, leaf *x509.Certificate, err error) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "", nil, errors.New("mesh: connection without a peer")
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return "", nil, errors.New("mesh: connection without a certificate")
	}
	return p.Addr.String(), info.State.PeerCertificates[0], nil
}

// refusal is what an end tells the other when it does not take a stream or call.
func refusal(err error) error {
	switch {
	case errors.Is(err, ErrCut), errors.Is(err, ErrClosed), errors.Is(err, ErrTimeout):
		return status.Error(codes.Unavailable, err.Error())
	case errors.Is(err, ErrReplaced):
		return status.Error(codes.AlreadyExists, err.Error())
	}
	return status.Error(codes.PermissionDenied, err.Error())
}

// explain turns a gRPC error into one that errors.Is can tell apart.
func explain(err error) error {
	st, ok := status.FromError(err)
	if !ok {
		return err
	}
	switch st.Code() {
	case codes.PermissionDenied:
		return fmt.Errorf("%w: %s", ErrRefused, st.Message())
	case codes.AlreadyExists:
		return fmt.Errorf("%w: %s", ErrReplaced, st.Message())
	case codes.DeadlineExceeded:
		return fmt.Errorf("%w: %w", ErrTimeout, context.DeadlineExceeded)
	case codes.Canceled:
		return fmt.Errorf("mesh: broken off: %w", context.Canceled)
	}
	return fmt.Errorf("mesh: %s", st.Message())
}
