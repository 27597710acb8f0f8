package places

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// WriteJSONL writes places 1 to count, one JSON object a line.
func WriteJSONL(w io.Writer, count int) error {
	out := bufio.NewWriterSize(w, 64<<10)
	for n := 1; n <= count; n++ {
		line, err := At(n).JSON()
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// WriteCSV writes a record with the names of the columns, then places 1 to
// count.
func WriteCSV(w io.Writer, count int) error {
	out := csv.NewWriter(w)
	if err := out.Write(Columns()); err != nil {
		return err
	}
	for n := 1; n <= count; n++ {
		if err := out.Write(At(n).Fields()); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// JSON is the place as a document, members in the order of Columns.
func (p Place) JSON() ([]byte, error) {
	line, err := json.Marshal(struct {
		Key         string      `json:"_key"`
		Name        string      `json:"name"`
		Kind        string      `json:"kind"`
		City        string      `json:"city"`
		Country     string      `json:"country"`
		Address     string      `json:"address"`
		Latitude    json.Number `json:"latitude"`
		Longitude   json.Number `json:"longitude"`
		Rating      json.Number `json:"rating"`
		Visits      int         `json:"visits"`
		Open        string      `json:"open"`
		Tags        []string    `json:"tags"`
		Description string      `json:"description"`
	}{p.Key, p.Name, p.Kind, p.City, p.Country, p.Address, json.Number(number(p.Latitude, 5)),
		json.Number(number(p.Longitude, 5)), json.Number(number(p.Rating, 1)), p.Visits, p.Open, p.Tags, p.Description})
	if err != nil {
		return nil, fmt.Errorf("place %s: %w", p.Key, err)
	}
	return line, nil
}
