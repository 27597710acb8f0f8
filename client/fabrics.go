package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// FabricInfo describes a fabric. Locations is empty when it lives in all of them.
type FabricInfo struct {
	Name      string          `json:"name"`
	System    bool            `json:"isSystem"`
	Locations []string        `json:"locations"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
}

// UnmarshalJSON reads the server's form, in which most is below options.
func (f *FabricInfo) UnmarshalJSON(text []byte) error {
	var raw struct {
		Name    string `json:"name"`
		System  bool   `json:"isSystem"`
		Options struct {
			Places   string          `json:"dcList"`
			Metadata json.RawMessage `json:"metadata"`
		} `json:"options"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	*f = FabricInfo{Name: raw.Name, System: raw.System, Locations: []string{}, Metadata: raw.Options.Metadata}
	for name := range strings.SplitSeq(raw.Options.Places, ",") {
		if name = strings.TrimSpace(name); name != "" {
			f.Locations = append(f.Locations, name)
		}
	}
	return nil
}

// DescribeFabrics lists the tenant's databases that live at this location, with the locations of each.
func (c *Client) DescribeFabrics(ctx context.Context) ([]FabricInfo, error) {
	var answer struct {
		Result []FabricInfo `json:"result"`
	}
	system := c.InFabric(SystemFabric)
	err := system.do(ctx, &call{method: http.MethodGet, path: "/database/user", repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// SetFabricLocations says in which locations a database lives from now on. New ones copy it; those that are left out
// send what they have first.
func (c *Client) SetFabricLocations(ctx context.Context, name string, locations []string) error {
	system := c.InFabric(SystemFabric)
	return system.do(ctx, &call{method: http.MethodPut, path: "/database/locations/" + url.PathEscape(name),
		body: map[string]any{"locations": locations}, repeat: repeatSafe}, nil)
}
