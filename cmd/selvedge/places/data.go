package places

type city struct {
	name, country       string
	latitude, longitude float64
}

func cities() []city {
	return []city{
		{"Frankfurt", "DE", 50.11, 8.68}, {"Berlin", "DE", 52.52, 13.4}, {"Hamburg", "DE", 53.55, 9.99}, {"Munich", "DE", 48.14, 11.58},
		{"London", "GB", 51.51, -0.13}, {"Manchester", "GB", 53.48, -2.24}, {"Edinburgh", "GB", 55.95, -3.19}, {"Dublin", "IE", 53.35, -6.26},
		{"Paris", "FR", 48.86, 2.35}, {"Lyon", "FR", 45.76, 4.84}, {"Marseille", "FR", 43.3, 5.37}, {"Brussels", "BE", 50.85, 4.35},
		{"Amsterdam", "NL", 52.37, 4.9}, {"Zürich", "CH", 47.38, 8.54}, {"Vienna", "AT", 48.21, 16.37}, {"Prague", "CZ", 50.08, 14.44},
		{"Warsaw", "PL", 52.23, 21.01}, {"Kraków", "PL", 50.06, 19.94}, {"Copenhagen", "DK", 55.68, 12.57}, {"Oslo", "NO", 59.91, 10.75},
		{"Stockholm", "SE", 59.33, 18.07}, {"Helsinki", "FI", 60.17, 24.94}, {"Reykjavík", "IS", 64.15, -21.94}, {"Madrid", "ES", 40.42, -3.7},
		{"Barcelona", "ES", 41.39, 2.17}, {"Lisbon", "PT", 38.72, -9.14}, {"Porto", "PT", 41.16, -8.63}, {"Rome", "IT", 41.9, 12.5},
		{"Milan", "IT", 45.46, 9.19}, {"Naples", "IT", 40.85, 14.27}, {"Athens", "GR", 37.98, 23.73}, {"Istanbul", "TR", 41.01, 28.98},
		{"Cairo", "EG", 30.04, 31.24}, {"Nairobi", "KE", -1.29, 36.82}, {"Lagos", "NG", 6.52, 3.38}, {"Accra", "GH", 5.6, -0.19},
		{"Cape Town", "ZA", -33.92, 18.42}, {"Johannesburg", "ZA", -26.2, 28.05}, {"Casablanca", "MA", 33.57, -7.59}, {"Dubai", "AE", 25.2, 55.27},
		{"Mumbai", "IN", 19.08, 72.88}, {"Delhi", "IN", 28.61, 77.21}, {"Bengaluru", "IN", 12.97, 77.59}, {"Chennai", "IN", 13.08, 80.27},
		{"Singapore", "SG", 1.35, 103.82}, {"Bangkok", "TH", 13.76, 100.5}, {"Hanoi", "VN", 21.03, 105.85}, {"Jakarta", "ID", -6.21, 106.85},
		{"Manila", "PH", 14.6, 120.98}, {"Hong Kong", "HK", 22.32, 114.17}, {"Taipei", "TW", 25.03, 121.57}, {"Seoul", "KR", 37.57, 126.98},
		{"Tokyo", "JP", 35.68, 139.65}, {"Osaka", "JP", 34.69, 135.5}, {"Kyoto", "JP", 35.01, 135.77}, {"Sapporo", "JP", 43.06, 141.35},
		{"Sydney", "AU", -33.87, 151.21}, {"Melbourne", "AU", -37.81, 144.96}, {"Perth", "AU", -31.95, 115.86}, {"Auckland", "NZ", -36.85, 174.76},
		{"Honolulu", "US", 21.31, -157.86}, {"Seattle", "US", 47.61, -122.33}, {"San Francisco", "US", 37.77, -122.42}, {"Los Angeles", "US", 34.05, -118.24},
		{"Denver", "US", 39.74, -104.99}, {"Dallas", "US", 32.78, -96.8}, {"Chicago", "US", 41.88, -87.63}, {"New Orleans", "US", 29.95, -90.07},
		{"Miami", "US", 25.76, -80.19}, {"Washington DC", "US", 38.91, -77.04}, {"New York", "US", 40.71, -74.01}, {"Boston", "US", 42.36, -71.06},
		{"Toronto", "CA", 43.65, -79.38}, {"Montréal", "CA", 45.5, -73.57}, {"Vancouver", "CA", 49.28, -123.12}, {"Mexico City", "MX", 19.43, -99.13},
		{"Havana", "CU", 23.11, -82.37}, {"Bogotá", "CO", 4.71, -74.07}, {"Lima", "PE", -12.05, -77.04}, {"Quito", "EC", -0.18, -78.47},
		{"Santiago", "CL", -33.45, -70.67}, {"Buenos Aires", "AR", -34.6, -58.38}, {"Montevideo", "UY", -34.9, -56.16}, {"São Paulo", "BR", -23.55, -46.63},
		{"Rio de Janeiro", "BR", -22.91, -43.17}, {"Recife", "BR", -8.05, -34.88},
	}
}

type kind struct{ name, title string }

func kinds() []kind {
	return []kind{
		{"bakery", "Bakery"}, {"bookshop", "Books"}, {"café", "Café"}, {"cinema", "Cinema"}, {"gallery", "Gallery"}, {"garden", "Garden"},
		{"hotel", "Hotel"}, {"library", "Library"}, {"market", "Market"}, {"museum", "Museum"}, {"noodle bar", "Noodles"}, {"park", "Park"},
		{"pharmacy", "Pharmacy"}, {"restaurant", "Kitchen"}, {"swimming pool", "Baths"}, {"tea house", "Tea House"}, {"theatre", "Theatre"},
		{"viewpoint", "Lookout"}, {"weaving mill", "Mill"}, {"workshop", "Works"},
	}
}

func firstNames() []string {
	return []string{
		"Amber", "Anchor", "Ash Tree", "Blue Heron", "Bright", "Canal", "Cedar", "Copper", "Corner", "Crossing", "Daybreak", "Eastern",
		"Fern", "First", "Four Winds", "Glass", "Golden", "Granite", "Green Door", "Harbour", "Hazel", "High", "Indigo", "Ivory", "Juniper",
		"Kestrel", "Lantern", "Lime", "Little", "Lower", "Maple", "Meridian", "Millstone", "Morning", "Northern", "Oak", "Old Customs", "Orchard",
		"Paper", "Pilot", "Poplar", "Quiet", "Quince", "Red Thread", "River", "Saffron", "Salt", "Seven Steps", "Shuttle", "Silver", "Southern",
		"Spindle", "Station", "Stone", "Sunday", "Tall Ship", "Third", "Tide", "Tram", "Upper", "Velvet", "Warp and Weft", "Western", "White Gate",
		"Willow", "Winter",
	}
}

func streets() []string {
	return []string{
		"Bridge Street", "Canal Walk", "Castle Lane", "Chapel Road", "Dock Street", "East Avenue", "Fountain Square", "Garden Row", "Harbour Front",
		"Hill Street", "Kings Parade", "Linden Avenue", "Long Acre", "Market Place", "Mill Lane", "North Quay", "Observatory Road", "Park Terrace",
		"Queen Street", "Railway Arch", "River Road", "Rope Walk", "South Bank", "Spring Gardens", "Station Road", "Tannery Yard", "University Street",
		"Weavers Court", "West End", "Wharf Road",
	}
}

func tags() []string {
	return []string{
		"accessible", "bicycle stand", "by the water", "cash only", "children", "dogs welcome", "early", "family run", "free entry", "garden",
		"historic", "late", "live music", "outdoor seats", "parking", "quiet", "roof terrace", "takeaway", "vegetarian", "wifi",
	}
}

func sentences() []string {
	return []string{
		"It opened in the year the tram came to the quarter.", "Regulars come for the light in the afternoon.",
		"The door is easy to miss from the street.", "Groups should ask a day before.", "The back room looks out on a courtyard.",
		"Prices have stayed where they were for years.", "There is a second entrance by the bridge.", "On Mondays it closes at noon.",
		"The owner keeps a book in which visitors write.", "A short walk leads down to the water.", "Most of the furniture was made next door.",
		"In winter a stove burns all day.", "The cellar holds a small collection of looms.", "Maps of the neighbourhood lie on the counter.",
		"It is at its best just after the rain.", "Bring a coat, the hall is cool even in summer.",
	}
}
