package flights

// airports are where aircraft fly to.
func airports() []airport {
	return []airport{
		{"FRA", "Frankfurt", at(50.03, 8.57)}, {"LHR", "London", at(51.47, -0.45)}, {"MAD", "Madrid", at(40.47, -3.56)}, {"CAI", "Cairo", at(30.12, 31.41)},
		{"JNB", "Johannesburg", at(-26.14, 28.25)}, {"LOS", "Lagos", at(6.58, 3.32)}, {"DXB", "Dubai", at(25.25, 55.36)}, {"BOM", "Mumbai", at(19.09, 72.87)},
		{"SIN", "Singapore", at(1.36, 103.99)}, {"HKG", "Hong Kong", at(22.31, 113.91)}, {"NRT", "Tokyo", at(35.76, 140.39)}, {"SYD", "Sydney", at(-33.95, 151.18)},
		{"AKL", "Auckland", at(-37.01, 174.79)}, {"SFO", "San Francisco", at(37.62, -122.38)}, {"DFW", "Dallas", at(32.90, -97.04)}, {"JFK", "New York", at(40.64, -73.78)},
		{"YYZ", "Toronto", at(43.68, -79.63)}, {"GRU", "São Paulo", at(-23.44, -46.47)}, {"EZE", "Buenos Aires", at(-34.82, -58.54)}, {"BOG", "Bogotá", at(4.70, -74.15)},
	}
}

// routes are what aircraft fly on, to and fro.
func routes() []route {
	by := map[string]airport{}
	for _, a := range airports() {
		by[a.Key] = a
	}
	var out []route
	for _, r := range [][2]string{{"FRA", "JFK"}, {"LHR", "SFO"}, {"SYD", "SIN"}, {"NRT", "SFO"}, {"GRU", "MAD"}, {"DXB", "SYD"}, {"FRA", "NRT"}, {"JNB", "LHR"},
		{"DFW", "GRU"}, {"HKG", "FRA"}, {"AKL", "SFO"}, {"BOM", "LHR"}, {"YYZ", "LHR"}, {"EZE", "AKL"}, {"CAI", "JFK"}, {"BOG", "MAD"}, {"SIN", "DXB"}, {"NRT", "SYD"},
		{"LOS", "LHR"}, {"JFK", "GRU"}, {"SFO", "SYD"}, {"DFW", "NRT"}, {"FRA", "JNB"}, {"HKG", "AKL"}} {
		out = append(out, route{by[r[0]], by[r[1]]})
	}
	return out
}
