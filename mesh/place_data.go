package mesh

// measuredPlaces are the places of measuredRoundTrips, in the order of its rows.
func measuredPlaces() [10]Place {
	return [10]Place{
		{"dal", "Dallas", "US", 32.7767, -96.7970},
		{"tor", "Toronto", "CA", 43.6532, -79.3832},
		{"wdc", "Washington DC", "US", 38.9072, -77.0369},
		{"fra", "Frankfurt", "DE", 50.1109, 8.6821},
		{"lon", "London", "GB", 51.5074, -0.1278},
		{"mad", "Madrid", "ES", 40.4168, -3.7038},
		{"osa", "Osaka", "JP", 34.6937, 135.5023},
		{"syd", "Sydney", "AU", -33.8688, 151.2093},
		{"tok", "Tokyo", "JP", 35.6762, 139.6503},
		{"sao", "Sao Paulo", "BR", -23.5505, -46.6333},
	}
}

// measuredRoundTrips are measured average round trips in milliseconds between ten cloud regions, row = from, column = to.
// Source: IBM Cloud, published averages for 27 July 2024 to 25 August 2024 (documentation of IBM Cloud VPC, network latency).
func measuredRoundTrips() [10][10]uint16 {
	return [10][10]uint16{
		{0, 34, 31, 123, 113, 119, 150, 186, 143, 146},
		{34, 0, 19, 93, 82, 108, 168, 215, 162, 129},
		{31, 19, 0, 91, 75, 87, 172, 214, 164, 118},
		{123, 93, 91, 0, 13, 29, 232, 250, 233, 198},
		{113, 83, 75, 13, 0, 27, 244, 261, 243, 188},
		{122, 106, 88, 29, 27, 0, 257, 275, 258, 209},
		{150, 169, 172, 231, 243, 257, 0, 122, 9, 293},
		{186, 214, 214, 249, 261, 275, 122, 0, 115, 328},
		{143, 162, 166, 233, 244, 256, 9, 115, 0, 284},
		{144, 128, 119, 196, 187, 208, 291, 328, 283, 0},
	}
}

// otherPlaces fill a development planet up to the size of a full mesh.
func otherPlaces() []Place {
	return []Place{
		{"sin", "Singapore", "SG", 1.3521, 103.8198},
		{"bom", "Mumbai", "IN", 19.0760, 72.8777},
		{"jnb", "Johannesburg", "ZA", -26.2041, 28.0473},
		{"sjc", "San Jose", "US", 37.3382, -121.8863},
		{"ams", "Amsterdam", "NL", 52.3676, 4.9041},
		{"par", "Paris", "FR", 48.8566, 2.3522},
		{"mil", "Milan", "IT", 45.4642, 9.1900},
		{"sto", "Stockholm", "SE", 59.3293, 18.0686},
		{"war", "Warsaw", "PL", 52.2297, 21.0122},
		{"ist", "Istanbul", "TR", 41.0082, 28.9784},
		{"dxb", "Dubai", "AE", 25.2048, 55.2708},
		{"del", "Delhi", "IN", 28.6139, 77.2090},
		{"hkg", "Hong Kong", "HK", 22.3193, 114.1694},
		{"sel", "Seoul", "KR", 37.5665, 126.9780},
		{"jkt", "Jakarta", "ID", -6.2088, 106.8456},
		{"akl", "Auckland", "NZ", -36.8509, 174.7645},
		{"nbo", "Nairobi", "KE", -1.2921, 36.8219},
		{"los", "Lagos", "NG", 6.5244, 3.3792},
		{"bog", "Bogota", "CO", 4.7110, -74.0721},
		{"scl", "Santiago", "CL", -33.4489, -70.6693},
		{"mex", "Mexico City", "MX", 19.4326, -99.1332},
		{"sea", "Seattle", "US", 47.6062, -122.3321},
	}
}
