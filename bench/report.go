package bench

func Report(a,b []byte) ([]byte, error) { return b, nil }
